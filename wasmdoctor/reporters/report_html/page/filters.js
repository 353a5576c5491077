// Search and filters over findings and components; arrows go from one to the next.
(() => {
  for (const form of document.querySelectorAll("form[data-filter]")) {
    const items = [...form.closest("section").querySelectorAll("." + form.dataset.filter)];
    const input = form.querySelector("input");
    const rule = form.querySelector("select");
    const output = form.querySelector("output");
    const levels = [...form.querySelectorAll("[data-severity]")];
    const only = form.querySelector("[data-only]");
    const texts = new Map(); // Read when first searched for: a large report has megabytes.

    const text = (item) => {
      if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
      return texts.get(item);
    };

    function apply() {
      const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = new Set(levels.filter(pressed).map((button) => button.dataset.severity));
      let count = 0;
      for (const item of items) {
        const fits =
          (!levels.length || wanted.has(item.dataset.severity)) &&
          (!rule || !rule.value || item.dataset.code === rule.value) &&
          (!only || !pressed(only) || item.dataset.bad) &&
          (!words.length || words.every((word) => text(item).includes(word)));
        item.hidden = !fits;
        count += fits;
      }
      output.textContent = count === items.length ? "" : count + " of " + items.length + " shown";
    }

    const pressed = (button) => button.getAttribute("aria-pressed") === "true";
    for (const button of [...levels, ...(only ? [only] : [])]) {
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", String(!pressed(button)));
        apply();
      });
    }
    for (const button of form.querySelectorAll("[data-fold]")) {
      button.addEventListener("click", () => {
        for (const item of items) if (!item.hidden) item.open = Boolean(button.dataset.fold);
      });
    }
    if (rule) rule.addEventListener("change", apply);
    input.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && input.value) {
        input.value = "";
        apply();
      } else if (event.key === "ArrowDown" && event.target === input) {
        event.preventDefault();
        focusOn(items.find((item) => !item.hidden));
      }
    });
    if (rule) {
      document.addEventListener("click", (event) => {
        const link = event.target.closest("[data-rule]");
        if (!link) return;
        for (const button of levels) button.setAttribute("aria-pressed", "true");
        rule.value = link.dataset.rule;
        input.value = "";
        apply();
      });
    }

    const target = (item) => item.querySelector(":scope > summary") || item;
    function focusOn(item) {
      if (!item) return;
      const place = target(item);
      if (place === item) item.tabIndex = -1;
      place.focus();
    }
    for (const item of items) {
      item.addEventListener("keydown", (event) => {
        if (event.target !== target(item)) return;
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
          event.preventDefault();
          const seen = items.filter((other) => !other.hidden);
          const next = seen[seen.indexOf(item) + (event.key === "ArrowDown" ? 1 : -1)];
          if (next) focusOn(next);
          else if (event.key === "ArrowUp") input.focus();
        } else if (event.key === "Enter" && item.querySelector("[data-why]")) {
          item.querySelector("[data-why]").click();
        } else if (event.key === "Escape") {
          input.focus();
        }
      });
    }
  }

  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select, textarea")) return;
    const input = report.section().querySelector("input[type=search]");
    if (!input) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
})();
