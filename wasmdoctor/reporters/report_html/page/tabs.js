// The report's sections as tabs, addresses (#findings, #f12, #c3), and print. Without this it is one long page.
"use strict";

const report = (() => {
  const list = document.querySelector("nav .tabs");
  const tabs = [...list.querySelectorAll("a")];
  const panels = tabs.map((tab) => document.getElementById(tab.hash.slice(1)));
  const shown = []; // Whom to tell when a section is shown for the first time, and later.

  list.setAttribute("role", "tablist");
  tabs.forEach((tab, number) => {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panels[number].id);
    panels[number].setAttribute("role", "tabpanel");
    panels[number].setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      select(number);
    });
    tab.addEventListener("keydown", (event) => {
      const to = { ArrowRight: number + 1, ArrowLeft: number - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = (to + tabs.length) % tabs.length;
      select(next);
      tabs[next].focus();
    });
  });

  function select(number, address = tabs[number].hash) {
    tabs.forEach((tab, other) => {
      tab.setAttribute("aria-selected", String(other === number));
      tab.tabIndex = other === number ? 0 : -1;
      panels[other].hidden = other !== number;
    });
    if (address) history.replaceState(null, "", address);
    const top = list.parentElement.getBoundingClientRect().bottom;
    const head = document.querySelector("main").getBoundingClientRect().top;
    if (head < top) scrollBy({ top: head - top - 10, behavior: "instant" });
    for (const tell of shown) tell(panels[number].id);
  }

  const section = () => panels.find((panel) => !panel.hidden);

  /** Show the element of that id, wherever it stands, and take the keyboard there. */
  function go(id) {
    const target = document.getElementById(id);
    const number = panels.findIndex((panel) => panel.contains(target));
    if (!target || number < 0) return false;
    select(number, "#" + id);
    if (target === panels[number]) return true;
    target.hidden = false;
    for (let at = target; at !== panels[number]; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "start" });
    return true;
  }

  const asked = () => {
    try {
      return decodeURIComponent(location.hash.slice(1));
    } catch {
      return ""; // Not one of our addresses.
    }
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && !tabs.includes(link) && go(link.hash.slice(1))) event.preventDefault();
  });
  addEventListener("hashchange", () => go(asked()));

  // On paper there is nothing to unfold; the plans' edits are too long for it.
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details:not([open], .plan, .plan details)")];
    for (const part of unfolded) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of unfolded) part.open = false;
  });

  for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
  for (const part of document.querySelectorAll(".noscript")) part.remove();

  /** To be called once everything else is set up. */
  const start = () => go(asked()) || select(0, ""); // An address would make the browser scroll.
  return { go, section, start, onShow: (tell) => shown.push(tell) };
})();
