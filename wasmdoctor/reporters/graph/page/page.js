// The page of `wasmdoctor graph --format html`: search, ways through a node, keyboard. Needs no network.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("data").textContent);
  const pane = document.querySelector(".pane");
  const svg = pane.querySelector("svg");
  const panel = document.querySelector("aside");
  const input = document.querySelector(".search input");
  const results = document.querySelector(".search ul");
  const shapes = data.nodes.map((_, number) => document.getElementById("n" + number));
  const lines = [...svg.querySelectorAll(".edges .edge")].map((path) => {
    const source = Number(path.dataset.source.slice(1));
    const target = Number(path.dataset.target.slice(1));
    // From what needs to what is needed: an interface needs whoever provides it.
    return path.classList.contains("provides")
      ? { path, from: target, to: source }
      : { path, from: source, to: target };
  });
  const ahead = data.nodes.map(() => []);
  const behind = data.nodes.map(() => []);
  for (const line of lines) {
    ahead[line.from].push(line.to);
    behind[line.to].push(line.from);
  }

  // How an edge reads from its other end.
  const PASSIVE = {
    "built from": "builds",
    "depends on": "needed by",
    binds: "bound in",
    "is for": "bound by",
    imports: "imported by",
    exports: "exported by",
    includes: "included by",
    "declared in": "declares",
    provides: "provided by",
    contains: "contained in",
  };
  let pinned = -1;

  function reached(start, ways) {
    const found = new Set([start]);
    const todo = [start];
    while (todo.length) {
      for (const next of ways[todo.pop()]) {
        if (!found.has(next)) {
          found.add(next);
          todo.push(next);
        }
      }
    }
    return found;
  }

  /** Light all ways through a node; -1 lights everything. */
  function show(number) {
    svg.classList.toggle("shown", number >= 0);
    if (number < 0) return;
    const needed = reached(number, ahead);
    const needing = reached(number, behind);
    shapes.forEach((shape, other) => shape.classList.toggle("lit", needed.has(other) || needing.has(other)));
    for (const { path, from, to } of lines) {
      const on = (needed.has(from) && needed.has(to)) || (needing.has(from) && needing.has(to));
      path.classList.toggle("lit", on);
    }
  }

  /** Keep a node's ways lit and write what is known of it; -1 lets go. */
  function pin(number, scroll) {
    if (pinned >= 0) {
      shapes[pinned].classList.remove("pinned");
      shapes[pinned].removeAttribute("aria-pressed");
    }
    pinned = number;
    show(number);
    panel.hidden = number < 0;
    const hash = number < 0 ? " " : "#" + encodeURIComponent(data.nodes[number].id);
    history.replaceState(null, "", hash);
    if (number < 0) return;
    shapes[number].classList.add("pinned");
    shapes[number].setAttribute("aria-pressed", "true");
    describe(number);
    if (scroll) {
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      shapes[number].scrollIntoView({ block: "center", inline: "center", behavior: calm ? "auto" : "smooth" });
      shapes[number].focus({ preventScroll: true });
    }
  }

  function element(name, text, parent) {
    const made = document.createElement(name);
    made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  function describe(number) {
    const node = data.nodes[number];
    panel.replaceChildren();
    const close = element("button", "Close", panel);
    close.className = "close";
    close.addEventListener("click", () => letGo());
    element("small", node.kind, panel);
    element("h2", node.label, panel);
    if (node.finding) element("p", "finding: " + node.finding, panel).className = "severity-" + node.finding;
    for (const text of [node.place, node.note]) if (text) element("p", text, panel);
    list(data.edges.filter((edge) => edge.source === number), "target");
    list(data.edges.filter((edge) => edge.target === number), "source");
  }

  function list(edges, end) {
    const kinds = new Map();
    for (const edge of edges) {
      if (!kinds.has(edge.kind)) kinds.set(edge.kind, []);
      kinds.get(edge.kind).push(edge);
    }
    for (const [kind, some] of kinds) {
      element("h3", (end === "target" ? kind : PASSIVE[kind] || kind) + " (" + some.length + ")", panel);
      const items = element("ul", "", panel);
      for (const edge of some) {
        const item = element("li", "", items);
        const other = data.nodes[edge[end]];
        element("button", other.label, item).addEventListener("click", () => pin(edge[end], true));
        if (edge.known) element("small", edge.known, item);
      }
    }
  }

  function letGo() {
    const was = pinned;
    pin(-1);
    if (was >= 0 && panel.contains(document.activeElement)) shapes[was].focus({ preventScroll: true });
  }

  shapes.forEach((shape, number) => {
    shape.addEventListener("pointerenter", () => pinned < 0 && show(number));
    shape.addEventListener("pointerleave", () => pinned < 0 && show(-1));
    shape.addEventListener("focus", () => pinned < 0 && shape.matches(":focus-visible") && show(number));
    shape.addEventListener("blur", () => pinned < 0 && show(-1));
    shape.addEventListener("click", () => (pinned === number ? letGo() : pin(number)));
    shape.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") pinned === number ? letGo() : pin(number);
      else if (event.key === "ArrowRight") step(number, ahead[number]);
      else if (event.key === "ArrowLeft") step(number, behind[number]);
      else if (event.key === "ArrowUp" || event.key === "ArrowDown") beside(number, event.key === "ArrowDown");
      else return;
      event.preventDefault();
    });
  });

  const middle = (number) => {
    const box = shapes[number].querySelector(".box");
    return Number(box.getAttribute("y")) + Number(box.getAttribute("height")) / 2;
  };
  const side = (number) => Number(shapes[number].querySelector(".box").getAttribute("x"));

  function focusOn(number) {
    shapes[number].scrollIntoView({ block: "nearest", inline: "nearest" });
    shapes[number].focus({ preventScroll: true });
  }

  /** To the neighbour that stands at the nearest height. */
  function step(number, others) {
    const near = [...others].sort((one, two) => Math.abs(middle(one) - middle(number)) - Math.abs(middle(two) - middle(number)));
    if (near.length) focusOn(near[0]);
  }

  /** To the next node above or below in the same column. */
  function beside(number, down) {
    const column = shapes.map((_, other) => other).filter((other) => side(other) === side(number));
    column.sort((one, two) => middle(one) - middle(two));
    const next = column[column.indexOf(number) + (down ? 1 : -1)];
    if (next !== undefined) focusOn(next);
  }

  // Search.
  const MOST = 30;
  let found = [];
  let chosen = 0;

  function search() {
    const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const matches = (node) => words.every((word) => (node.kind + " " + node.label).toLowerCase().includes(word));
    found = words.length ? data.nodes.map((_, number) => number).filter((number) => matches(data.nodes[number])) : [];
    const hits = new Set(found);
    shapes.forEach((shape, number) => shape.classList.toggle("match", hits.has(number)));
    results.replaceChildren();
    found.slice(0, MOST).forEach((number, place) => {
      const item = element("li", "", results);
      item.id = "result" + place;
      item.setAttribute("role", "option");
      element("small", data.nodes[number].kind + " ", item);
      item.append(data.nodes[number].label);
      item.addEventListener("pointerdown", (event) => event.preventDefault());
      item.addEventListener("click", () => choose(number));
    });
    if (words.length && found.length !== Math.min(found.length, MOST)) {
      element("li", "and " + (found.length - MOST) + " more", results);
    }
    if (words.length && !found.length) element("li", "nothing is called so", results);
    results.hidden = !words.length;
    input.setAttribute("aria-expanded", String(!results.hidden));
    mark(0);
  }

  function mark(place) {
    const count = Math.min(found.length, MOST);
    chosen = count ? (place + count) % count : 0;
    input.removeAttribute("aria-activedescendant");
    [...results.children].forEach((item, number) => item.setAttribute("aria-selected", String(count > 0 && number === chosen)));
    if (count) {
      input.setAttribute("aria-activedescendant", "result" + chosen);
      results.children[chosen].scrollIntoView({ block: "nearest" });
    }
  }

  function choose(number) {
    results.hidden = true;
    input.setAttribute("aria-expanded", "false");
    pin(number, true);
  }

  input.addEventListener("input", search);
  input.addEventListener("focus", () => input.value && search());
  input.addEventListener("blur", () => (results.hidden = true));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") mark(chosen + 1);
    else if (event.key === "ArrowUp") mark(chosen - 1);
    else if (event.key === "Enter" && found.length) choose(found[chosen]);
    else if (event.key === "Escape") {
      input.value = "";
      search();
      input.blur();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // Zoom and panning.
  const width = Number(svg.getAttribute("width"));
  const height = Number(svg.getAttribute("height"));
  let scale = 1;

  /** Zoom, so that the point of the pane at (x, y) stays where it is. */
  function zoom(to, x = pane.clientWidth / 2, y = pane.clientHeight / 2) {
    const before = scale;
    scale = Math.min(3, Math.max(0.1, to));
    svg.setAttribute("width", width * scale);
    svg.setAttribute("height", height * scale);
    pane.scrollLeft = ((pane.scrollLeft + x) * scale) / before - x;
    pane.scrollTop = ((pane.scrollTop + y) * scale) / before - y;
  }

  const fit = () => zoom(Math.min(1, pane.clientWidth / width, pane.clientHeight / height));
  const ACTIONS = { "+": () => zoom(scale * 1.25), "=": () => zoom(scale * 1.25), "-": () => zoom(scale / 1.25), 0: fit, 1: () => zoom(1) };
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => ACTIONS[button.dataset.zoom]());
  }
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = pane.getBoundingClientRect();
    zoom(scale * Math.exp(-event.deltaY / 300), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });

  let drag = null;
  pane.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType === "mouse" && !event.target.closest(".node")) {
      drag = { x: event.clientX, y: event.clientY, left: pane.scrollLeft, top: pane.scrollTop, moved: false };
    }
  });
  addEventListener("pointermove", (event) => {
    if (!drag) return;
    drag.moved ||= Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y) > 4;
    pane.classList.toggle("moving", drag.moved);
    pane.scrollLeft = drag.left + drag.x - event.clientX;
    pane.scrollTop = drag.top + drag.y - event.clientY;
  });
  addEventListener("pointerup", () => {
    if (drag && !drag.moved && pinned >= 0) letGo();
    drag = null;
    pane.classList.remove("moving");
  });

  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === input) return;
    if (event.key === "/") input.focus();
    else if (event.key === "Escape") letGo();
    else if (event.key in ACTIONS) ACTIONS[event.key]();
    else return;
    event.preventDefault();
  });

  // Without a script there is nothing to search or zoom with, so these are hidden until here.
  for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
  // Small graphs fill the width; large ones stay readable and are scrolled.
  zoom(Math.min(1, Math.max(0.6, pane.clientWidth / width)), 0, 0);
  let wanted = "";
  try {
    wanted = decodeURIComponent(location.hash.slice(1));
  } catch {
    // Not one of our addresses.
  }
  const linked = data.nodes.findIndex((node) => node.id === wanted);
  if (linked >= 0) pin(linked, true);
})();
