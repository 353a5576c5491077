// The interactive graph: folds, search, ways through a node, the way of a finding.
(() => {
  const box = document.querySelector(".graph");
  if (!box) return report.start();
  const raw = JSON.parse(document.getElementById("data").textContent);
  const word = (number) => raw.texts[number];
  const nodes = raw.nodes.map(([kind, name, detail, place, finding, external, cluster, label]) => ({
    kind: word(kind), name: word(name), detail: word(detail), place: word(place), finding: word(finding),
    external: Boolean(external), cluster, label: word(label),
  }));
  const edges = raw.edges.map(([source, target, kind, known]) => {
    const edge = { source, target, kind: word(kind), known: word(known) };
    // From what needs to what is needed: an interface needs whoever provides it.
    return edge.kind === "provides" ? { ...edge, from: target, to: source } : { ...edge, from: source, to: target };
  });
  const clusters = raw.clusters.map(([kind, name, detail]) => ({
    kind: word(kind), name: word(name), detail: word(detail), members: [],
  }));
  nodes.forEach((node, number) => node.cluster >= 0 && clusters[node.cluster].members.push(number));
  const ways = new Map(Object.entries(raw.ways));
  const ahead = nodes.map(() => []);
  const behind = nodes.map(() => []);
  for (const edge of edges) {
    ahead[edge.from].push(edge.to);
    behind[edge.to].push(edge.from);
  }
  const RANK = { "": 0, note: 1, warning: 2, error: 3 };
  const leaks = new Map(); // The edges on the way of a finding, by their ends, with its severity.
  for (const way of ways.values()) {
    const level = nodes[way[way.length - 1]].finding;
    for (let at = 1; at < way.length; at++) {
      const key = way[at - 1] + ">" + way[at];
      if (RANK[level] > RANK[leaks.get(key) || ""]) leaks.set(key, level);
    }
  }
  // How an edge reads from its other end.
  const PASSIVE = {
    "built from": "builds", "depends on": "needed by", binds: "bound in", "is for": "bound by",
    imports: "imported by", exports: "exported by", includes: "included by", "declared in": "declares",
    provides: "provided by", contains: "contained in",
  };
  const HEADINGS = {
    component: "components", module: "modules", crate: "crates", binding: "bindings", world: "worlds",
    interface: "interfaces", host: "hosts",
  };
  const FEW = 40; // So many nodes are read at one look.
  const SEVERAL = 12; // A cluster of no more is unfolded as a whole.
  const MANY = 60; // More than these, and only what leads to findings is shown at first.

  const pane = box.querySelector(".pane");
  const panel = box.querySelector("aside");
  const input = box.querySelector("input");
  const results = box.querySelector("#found");
  const scope = box.querySelector("[data-scope]");
  const output = box.querySelector("output");

  const unfolded = new Set(); // Clusters whose members stand by themselves.
  const lifted = new Set(); // Nodes that stand by themselves though their cluster is folded.
  let chosen = null; // What is lit and described: a shape's id, "n3" or "k2".
  let way = []; // The way of a finding that was asked for.
  let current = null; // Where the keyboard is.
  let shapes = new Map(); // What is drawn, by id.
  let lines = [];
  let drawn = false;
  let scale = 1;

  // What is shown.

  const shapeOf = (number) => {
    const { cluster } = nodes[number];
    return cluster < 0 || unfolded.has(cluster) || lifted.has(number) ? "n" + number : "k" + cluster;
  };

  const membersOf = (id) => {
    const number = Number(id.slice(1));
    return id[0] === "n" ? [number] : clusters[number].members.filter((member) => shapeOf(member) === id);
  };

  function reached(starts, steps) {
    const found = new Set(starts);
    const todo = [...starts];
    while (todo.length) {
      for (const next of steps[todo.pop()]) {
        if (!found.has(next)) {
          found.add(next);
          todo.push(next);
        }
      }
    }
    return found;
  }

  function inScope() {
    if (scope.value === "findings") {
      const bad = nodes.map((_, number) => number).filter((number) => nodes[number].finding);
      const kept = reached(bad, behind);
      for (const each of ways.values()) for (const number of each) kept.add(number);
      return kept;
    }
    if (scope.value === "chosen" && way.length) {
      return new Set([...way, ...reached([way[way.length - 1]], behind)]);
    }
    if (scope.value === "chosen" && chosen) {
      const starts = membersOf(chosen);
      return new Set([...reached(starts, ahead), ...reached(starts, behind)]);
    }
    return null;
  }

  const worst = (numbers) =>
    numbers.reduce((level, number) => (RANK[nodes[number].finding] > RANK[level] ? nodes[number].finding : level), "");

  const CHAR = 7.3;
  const SMALL = 6.5;
  const cut = (text, most) => {
    const chars = [...text];
    if (chars.length <= most) return text;
    return chars.slice(0, most - Math.floor(most / 2) - 1).join("") + "…" + chars.slice(-Math.floor(most / 2)).join("");
  };

  /** What stands in the picture, by id, and the lines between. */
  function visible() {
    const kept = inScope();
    const found = new Map();
    nodes.forEach((node, number) => {
      if (kept && !kept.has(number)) return;
      const id = shapeOf(number);
      if (!found.has(id)) found.set(id, []);
      found.get(id).push(number);
    });
    // One alone is not a group.
    const alone = [...found].filter(([id, members]) => id[0] === "k" && members.length === 1);
    if (alone.length) {
      for (const [, [member]] of alone) lifted.add(member);
      return visible();
    }
    const made = [...found].map(([id, members]) => {
      const is = id[0] === "n" ? nodes[members[0]] : clusters[Number(id.slice(1))];
      const folded = id[0] === "k" ? members.length : 0;
      const part = folded && folded < is.members.length && /^\d/.test(is.name);
      const name = cut(part ? folded + " of " + is.name : is.name, 32);
      const detail = cut(is.detail, 34);
      const text = Math.max([...name].length * CHAR, [...detail].length * SMALL);
      return {
        id, members, folded, kind: is.kind, name, detail, finding: worst(members),
        external: members.every((number) => nodes[number].external),
        width: 22 + text + (folded ? 30 : 0) + (worst(members) ? 22 : 0),
        height: detail ? 40 : 28,
      };
    });
    const place = new Map(made.map((shape, number) => [shape.id, number]));
    const together = new Map();
    for (const edge of edges) {
      if (kept && !(kept.has(edge.from) && kept.has(edge.to))) continue;
      const from = shapeOf(edge.from);
      const to = shapeOf(edge.to);
      if (from === to) continue;
      const key = from + ">" + to + " " + edge.kind;
      if (!together.has(key)) together.set(key, { from, to, kind: edge.kind, edges: [], leak: "" });
      const line = together.get(key);
      line.edges.push(edge);
      const leak = leaks.get(edge.from + ">" + edge.to) || "";
      if (RANK[leak] > RANK[line.leak]) line.leak = leak;
    }
    return { made, place, lines: [...together.values()] };
  }

  // Drawing.

  const SVG = "http://www.w3.org/2000/svg";
  function svg(name, attributes, parent, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  }

  const PAD = 20;
  const HEAD = 34;
  const look = (kind) => kind.replaceAll(" ", "-");

  function draw() {
    const { made, place, lines: links } = visible();
    const pairs = links.map((link) => [place.get(link.from), place.get(link.to)]);
    const { places, columns, width, height } = layout(made, pairs);
    const full = { width: width + 2 * PAD, height: height + HEAD + 2 * PAD };
    const root = svg("svg", {
      viewBox: "0 0 " + full.width + " " + full.height, role: "group",
      "aria-label": "Dependency graph: " + made.length + " nodes", class: "picture",
    });
    root.dataset.width = full.width;
    root.dataset.height = full.height;
    const defs = svg("defs", {}, root);
    for (const tip of ["plain", "imports", "exports", "provides", "error", "warning", "note"]) {
      const marker = svg("marker", {
        id: "tip-" + tip, class: "tip " + tip, viewBox: "0 0 8 8", refX: "7.5", refY: "4", markerWidth: "7",
        markerHeight: "7", markerUnits: "userSpaceOnUse", orient: "auto",
      }, defs);
      svg("path", { d: "M0 0.6L7.6 4L0 7.4z" }, marker);
    }
    const inner = svg("g", { transform: "translate(" + PAD + " " + (HEAD + PAD / 2) + ")" }, root);
    columns.forEach((column, number) => {
      svg("rect", {
        class: "band", x: column.x - 10, y: -HEAD + 8, width: column.width + 20, height: height + HEAD + 4, rx: 8,
      }, inner);
      if (!number || columns[number - 1].kind !== column.kind) {
        svg("text", { class: "heading", x: column.x, y: -9 }, inner, HEADINGS[column.kind]);
      }
    });
    const under = svg("g", { class: "edges" }, inner);
    const over = svg("g", { class: "nodes" }, inner);
    // What is painted later lies above.
    const painted = links.map((link, number) => ({ link, pair: pairs[number] }));
    painted.sort((one, two) => RANK[one.link.leak] - RANK[two.link.leak]);
    lines = painted.map(({ link, pair: [from, to] }) => {
      const direct = ["imports", "exports", "provides"].includes(link.kind);
      const tip = link.leak || (direct ? link.kind : "plain");
      const path = svg("path", {
        class: "edge " + look(link.kind) + (link.leak ? " leak " + link.leak : ""),
        d: curve(made[from], places[from], made[to], places[to]),
        ["marker-" + (link.kind === "provides" ? "start" : "end")]: "url(#tip-" + tip + ")",
      }, under);
      const known = link.edges.find((edge) => edge.known);
      const more = link.edges.length > 1 ? " (" + link.edges.length + ")" : "";
      svg("title", {}, path, link.kind + more + (known ? ": " + known.known : ""));
      return { path, from: link.from, to: link.to, edges: link.edges };
    });
    shapes = new Map();
    made.forEach((shape, number) => {
      const at = places[number];
      shapes.set(shape.id, { ...shape, ...at, element: node(shape, at, over) });
    });
    pane.replaceChildren(root);
    drawn = true;
    zoom(scale);
    if (!shapes.has(current)) current = first();
    for (const [id, shape] of shapes) shape.element.setAttribute("tabindex", id === current ? "0" : "-1");
    output.textContent = made.length ? plural(made.length, "node") : "nothing to show";
    light(chosen);
  }

  /** Where the keyboard begins: top left. */
  const first = () => {
    const sorted = [...shapes.values()].sort((one, two) => one.column - two.column || one.y - two.y);
    return sorted.length ? sorted[0].id : null;
  };

  const plural = (count, text) => count + " " + text + (count === 1 ? "" : "s");

  function curve(one, from, two, to) {
    const y = from.y + one.height / 2;
    const y2 = to.y + two.height / 2;
    const x = from.x + one.width;
    if (to.column > from.column) {
      const half = (x + to.x) / 2;
      return "M" + x + " " + y + "C" + half + " " + y + " " + half + " " + y2 + " " + to.x + " " + y2;
    }
    // Back, or in the same column: around the right side.
    const x2 = to.x + two.width;
    const out = Math.max(x, x2) + 40;
    return "M" + x + " " + y + "C" + out + " " + y + " " + out + " " + y2 + " " + x2 + " " + y2;
  }

  function node(shape, at, parent) {
    const label = shape.kind + " " + shape.name + (shape.detail ? ", " + shape.detail : "") +
      (shape.finding ? ", " + shape.finding : "") + (shape.folded ? ", " + shape.folded + " folded" : "");
    const group = svg("g", {
      class: "node " + shape.kind + (shape.finding ? " finding " + shape.finding : "") +
        (shape.external ? " external" : "") + (shape.folded ? " folded" : ""),
      transform: "translate(" + at.x + " " + at.y + ")", role: "button", "aria-label": label,
    }, parent);
    group.dataset.id = shape.id;
    if (shape.folded) group.setAttribute("aria-expanded", "false");
    svg("title", {}, group, label);
    if (shape.folded) svg("rect", { class: "box behind", x: 4, y: 4, width: shape.width, height: shape.height, rx: 5 }, group);
    svg("rect", { class: "box", width: shape.width, height: shape.height, rx: 5 }, group);
    svg("path", { class: "strip", d: "M4 5V" + (shape.height - 5) }, group);
    svg("text", { class: "name", x: 12, y: shape.detail ? 17 : 18 }, group, shape.name);
    if (shape.detail) svg("text", { class: "detail", x: 12, y: 32 }, group, shape.detail);
    let right = shape.width - 13;
    if (shape.folded) {
      const knob = svg("g", { class: "knob" }, group);
      svg("rect", { x: shape.width - 32, y: shape.height / 2 - 9, width: 26, height: 18, rx: 9 }, knob);
      svg("text", { x: shape.width - 19, y: shape.height / 2 + 4 }, knob, "+" + shape.folded);
      right -= 30;
    }
    if (shape.finding) {
      svg("circle", { class: "badge", cx: right, cy: shape.height / 2, r: 8 }, group);
      svg("text", { class: "sign", x: right, y: shape.height / 2 + 4 }, group, { error: "×", warning: "!", note: "i" }[shape.finding]);
    }
    return group;
  }

  /** Light all ways through a shape, and the way of a finding above all; null lights everything. */
  function light(id) {
    const root = pane.querySelector("svg");
    const on = way.map(shapeOf);
    const steps = new Set(on.slice(1).map((to, at) => on[at] + ">" + to));
    const starts = id && shapes.has(id) ? membersOf(id) : [];
    const needed = way.length ? new Set() : reached(starts, ahead);
    const needing = way.length ? new Set() : reached(starts, behind);
    root.classList.toggle("dim", starts.length > 0 || way.length > 0);
    for (const [other, shape] of shapes) {
      const lit = on.includes(other) || shape.members.some((each) => needed.has(each) || needing.has(each));
      shape.element.classList.toggle("lit", lit);
      shape.element.classList.toggle("chosen", other === chosen);
      shape.element.setAttribute("aria-pressed", String(other === chosen));
      shape.element.classList.toggle("why", on.includes(other));
    }
    for (const { path, from, to, edges: some } of lines) {
      const why = steps.has(from + ">" + to);
      const through = some.some((edge) =>
        (needed.has(edge.from) && needed.has(edge.to)) || (needing.has(edge.from) && needing.has(edge.to)));
      path.classList.toggle("why", why);
      path.classList.toggle("lit", why || through);
    }
  }

  // Choosing.

  function choose(id, { keepWay = false } = {}) {
    if (!keepWay) way = [];
    chosen = id;
    current = id;
    if (scope.value === "chosen" || !shapes.has(id)) draw();
    else light(id);
    focusOn(id);
    describe(id);
  }

  function letGo() {
    const was = chosen;
    chosen = null;
    way = [];
    panel.hidden = true;
    if (scope.value === "chosen") {
      scope.value = "all";
      draw();
    } else light(null);
    if (was && shapes.has(was)) focusOn(was);
  }

  function focusOn(id) {
    const shape = shapes.get(id);
    if (!shape) return;
    if (shapes.has(current)) shapes.get(current).element.setAttribute("tabindex", "-1");
    current = id;
    shape.element.setAttribute("tabindex", "0");
    shape.element.focus({ preventScroll: true });
    bring(shape);
  }

  /** Scroll the pane, and only it, until a shape is seen. */
  function bring(shape) {
    const frame = pane.getBoundingClientRect();
    const is = shape.element.getBoundingClientRect();
    const room = 30;
    if (is.left < frame.left + room || is.right > frame.right - room) {
      pane.scrollLeft += is.left + is.width / 2 - frame.left - frame.width / 2;
    }
    if (is.top < frame.top + room || is.bottom > frame.bottom - room) {
      pane.scrollTop += is.top + is.height / 2 - frame.top - frame.height / 2;
    }
  }

  /** Let a node stand by itself: a crate is unfolded for that, of many things the others stay folded. */
  function lift(number) {
    const { cluster } = nodes[number];
    if (cluster >= 0 && clusters[cluster].kind === "crate" && clusters[cluster].members.length <= SEVERAL) unfolded.add(cluster);
    else lifted.add(number);
  }

  /** Go to a node by its number, wherever it stands folded. */
  function jump(number) {
    lift(number);
    const kept = inScope();
    if (kept && !kept.has(number)) scope.value = "all";
    chosen = "n" + number;
    way = [];
    draw();
    choose(chosen);
  }

  function fold(id) {
    if (id[0] === "k") {
      const cluster = Number(id.slice(1));
      unfolded.add(cluster);
      current = "n" + clusters[cluster].members[0];
      if (chosen === id) chosen = null;
    } else {
      const { cluster } = nodes[Number(id.slice(1))];
      if (cluster < 0) return;
      unfolded.delete(cluster);
      for (const member of clusters[cluster].members) lifted.delete(member);
      current = "k" + cluster;
      if (chosen && chosen[0] === "n" && nodes[Number(chosen.slice(1))].cluster === cluster) chosen = current;
    }
    const keep = current;
    draw();
    if (chosen && shapes.has(chosen)) describe(chosen);
    else panel.hidden = true;
    focusOn(keep);
  }

  /** The way of a finding: its nodes by themselves, everything else dimmed. */
  function why(id) {
    way = ways.get(id) || [];
    if (!way.length) return;
    report.go("graph");
    for (const number of way) lift(number);
    chosen = "n" + way[way.length - 1];
    scope.value = nodes.length > MANY ? "chosen" : "all";
    draw();
    const end = chosen;
    choose(end, { keepWay: true });
    fill();
    pane.scrollLeft = 0; // A way is read from its component on.
    bring(shapes.get("n" + way[0]));
  }

  // The panel.

  function element(name, text, parent) {
    const made = document.createElement(name);
    made.textContent = text;
    if (parent) parent.append(made);
    return made;
  }

  function action(text, parent, run) {
    const button = element("button", text, parent);
    button.type = "button";
    button.addEventListener("click", run);
    return button;
  }

  const MOST = 40;

  function describe(id) {
    const shape = shapes.get(id);
    panel.replaceChildren();
    panel.hidden = !shape;
    if (!shape) return;
    action("Close", panel, letGo).className = "close";
    element("small", shape.folded ? plural(shape.folded, shape.kind) + ", folded" : shape.kind, panel);
    const is = shape.folded ? clusters[Number(id.slice(1))] : nodes[shape.members[0]];
    element("h3", is.name, panel);
    if (is.detail) element("p", is.detail, panel);
    if (is.place && is.place !== is.detail) element("code", is.place, element("p", "", panel));
    const bar = element("p", "", panel);
    if (shape.folded) action("Unfold", bar, () => fold(id));
    else if (is.cluster >= 0) action("Fold into " + clusters[is.cluster].name, bar, () => fold(id));
    if (scope.value !== "chosen") {
      action("Show only its ways", bar, () => {
        scope.value = "chosen";
        draw();
        choose(id, { keepWay: way.length > 0 });
      });
    }
    if (way.length) {
      element("h4", "The way of this finding", panel);
      const list = element("ol", "", panel);
      for (const number of way) {
        const item = element("li", "", list);
        element("small", nodes[number].kind, item);
        action(nodes[number].name, item, () => choose(shapeOf(number), { keepWay: true }));
      }
    }
    const found = [...ways].filter(([, each]) => each.some((number) => shape.members.includes(number)));
    if (found.length) {
      element("h4", "Findings whose way leads here (" + found.length + ")", panel);
      const list = element("ul", "", panel);
      for (const [finding] of found.slice(0, MOST)) {
        const link = element("a", document.querySelector("#" + finding + " h3").textContent, element("li", "", list));
        link.href = "#" + finding;
      }
    }
    if (shape.folded) {
      element("h4", "Folded here", panel);
      buttons(shape.members.map((number) => ({ number, known: "" })));
    }
    neighbours(edges.filter((edge) => shape.members.includes(edge.source)), "target");
    neighbours(edges.filter((edge) => shape.members.includes(edge.target)), "source");
  }

  function neighbours(some, end) {
    const kinds = new Map();
    for (const edge of some) {
      if (!kinds.has(edge.kind)) kinds.set(edge.kind, new Map());
      kinds.get(edge.kind).set(edge[end], edge.known);
    }
    for (const [kind, others] of kinds) {
      element("h4", (end === "target" ? kind : PASSIVE[kind] || kind) + " (" + others.size + ")", panel);
      buttons([...others].map(([number, known]) => ({ number, known })));
    }
  }

  function buttons(some) {
    const list = element("ul", "", panel);
    for (const { number, known } of some.slice(0, MOST)) {
      const item = element("li", "", list);
      action(nodes[number].label, item, () => jump(number));
      if (known) element("small", known, item);
    }
    if (some.length > MOST) element("p", "and " + (some.length - MOST) + " more", panel);
  }

  // Keyboard and pointer.

  const middle = (shape) => shape.y + shape.height / 2;
  const FORWARD = { ArrowRight: 1, ArrowLeft: -1 };

  function step(id, key) {
    const here = shapes.get(id);
    let near;
    if (key in FORWARD) {
      const linked = lines.filter((line) => line[FORWARD[key] > 0 ? "from" : "to"] === id);
      near = linked.map((line) => line[FORWARD[key] > 0 ? "to" : "from"]);
      const inWay = near.filter((other) => way.map(shapeOf).includes(other));
      if (inWay.length) near = inWay;
      near.sort((one, two) => Math.abs(middle(shapes.get(one)) - middle(here)) - Math.abs(middle(shapes.get(two)) - middle(here)));
    } else {
      const down = key === "ArrowDown";
      near = [...shapes.values()].filter((shape) => shape.column === here.column && (down ? shape.y > here.y : shape.y < here.y));
      near.sort((one, two) => (down ? one.y - two.y : two.y - one.y));
      near = near.map((shape) => shape.id);
    }
    if (near.length) focusOn(near[0]);
  }

  const shapeAt = (target) => {
    const group = target.closest ? target.closest(".node") : null;
    return group && group.dataset.id;
  };

  pane.addEventListener("keydown", (event) => {
    const id = shapeAt(event.target);
    if (!id || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") id === chosen && !way.length ? letGo() : choose(id);
    else if (event.key === " ") fold(id);
    else if (event.key.startsWith("Arrow")) step(id, event.key);
    else return;
    event.preventDefault();
  });
  pane.addEventListener("click", (event) => {
    const id = shapeAt(event.target);
    if (!id) return;
    if (event.target.closest(".knob")) fold(id);
    else if (id === chosen && !way.length) letGo();
    else choose(id, { keepWay: way.map(shapeOf).includes(id) });
  });
  pane.addEventListener("dblclick", (event) => {
    const id = shapeAt(event.target);
    if (id && id[0] === "k" && shapes.has(id)) fold(id);
  });
  pane.addEventListener("pointerover", (event) => {
    if (!chosen && !way.length) light(shapeAt(event.target));
  });

  function zoom(to, x = pane.clientWidth / 2, y = pane.clientHeight / 2) {
    const root = pane.querySelector("svg");
    if (!root) return;
    const before = scale;
    scale = Math.min(3, Math.max(0.1, to));
    root.setAttribute("width", root.dataset.width * scale);
    root.setAttribute("height", root.dataset.height * scale);
    pane.scrollLeft = ((pane.scrollLeft + x) * scale) / before - x;
    pane.scrollTop = ((pane.scrollTop + y) * scale) / before - y;
  }

  const fit = () => {
    const { width, height } = pane.querySelector("svg").dataset;
    zoom(Math.min(1, pane.clientWidth / width, pane.clientHeight / height));
  };
  /** Small graphs fill the width; large ones stay readable and are scrolled. */
  const fill = () => zoom(Math.min(1, Math.max(0.6, pane.clientWidth / pane.querySelector("svg").dataset.width)), 0, 0);
  const ZOOMS = { "+": () => zoom(scale * 1.25), "=": () => zoom(scale * 1.25), "-": () => zoom(scale / 1.25), 0: fit };
  for (const button of box.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => ZOOMS[button.dataset.zoom]());
  }
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = pane.getBoundingClientRect();
    zoom(scale * Math.exp(-event.deltaY / 300), event.clientX - frame.left, event.clientY - frame.top);
  }, { passive: false });

  let drag = null;
  pane.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType === "mouse" && !shapeAt(event.target)) {
      drag = { x: event.clientX, y: event.clientY, left: pane.scrollLeft, top: pane.scrollTop };
    }
  });
  addEventListener("pointermove", (event) => {
    if (!drag) return;
    pane.scrollLeft = drag.left + drag.x - event.clientX;
    pane.scrollTop = drag.top + drag.y - event.clientY;
  });
  addEventListener("pointerup", () => (drag = null));

  addEventListener("keydown", (event) => {
    if (report.section().id !== "graph" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select")) return;
    if (event.key === "Escape") letGo();
    else if (event.key in ZOOMS) ZOOMS[event.key]();
    else return;
    event.preventDefault();
  });

  scope.addEventListener("change", draw);
  for (const button of box.querySelectorAll("[data-fold]")) {
    button.addEventListener("click", () => {
      unfolded.clear();
      lifted.clear();
      if (button.dataset.fold) clusters.forEach((_, number) => unfolded.add(number));
      chosen = null;
      way = [];
      panel.hidden = true;
      draw();
    });
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-why]");
    if (button) why(button.dataset.why);
  });

  // Search.
  const SHOWN = 30;
  let hits = [];
  let marked = 0;

  function search() {
    const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (one) => words.every((text) => (one.kind + " " + one.label + " " + one.detail).toLowerCase().includes(text));
    hits = words.length ? nodes.map((_, number) => number).filter((number) => fits(nodes[number])) : [];
    marked = 0;
    results.replaceChildren();
    hits.slice(0, SHOWN).forEach((number, place) => {
      const item = element("li", "", results);
      item.id = "hit" + place;
      item.setAttribute("role", "option");
      element("small", nodes[number].kind + " ", item);
      item.append(nodes[number].label);
      item.addEventListener("mousedown", (event) => event.preventDefault());
      item.addEventListener("click", () => take(place));
    });
    if (words.length && !hits.length) element("li", "nothing is called so", results).className = "none";
    if (hits.length > SHOWN) element("li", "and " + (hits.length - SHOWN) + " more", results).className = "none";
    open(words.length > 0);
    mark();
  }

  function open(on) {
    results.hidden = !on;
    input.setAttribute("aria-expanded", String(on));
    if (!on) input.removeAttribute("aria-activedescendant");
  }

  function mark() {
    [...results.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === marked && place < hits.length)));
    if (hits.length && !results.hidden) {
      input.setAttribute("aria-activedescendant", "hit" + marked);
      results.children[marked].scrollIntoView({ block: "nearest" });
    }
  }

  function take(place) {
    const number = hits[place];
    if (number === undefined) return;
    open(false);
    jump(number);
  }

  input.addEventListener("input", search);
  input.addEventListener("focus", search);
  input.addEventListener("blur", () => open(false));
  input.addEventListener("keydown", (event) => {
    const most = Math.min(hits.length, SHOWN);
    if (event.key === "ArrowDown") marked = Math.min(marked + 1, most - 1);
    else if (event.key === "ArrowUp") marked = Math.max(marked - 1, 0);
    else if (event.key === "Enter") return take(marked);
    else if (event.key === "Escape") {
      input.value = "";
      search();
      if (shapes.has(current)) focusOn(current);
      return;
    } else return;
    event.preventDefault();
    mark();
  });

  // A graph of some size is drawn when somebody looks at it.
  if (nodes.length <= FEW) {
    clusters.forEach((cluster, number) => {
      if (cluster.kind !== "interface" || worst(cluster.members)) unfolded.add(number);
    });
  } else if (nodes.length > MANY && ways.size) scope.value = "findings";
  report.onShow((id) => {
    if (id !== "graph" || drawn) return;
    draw();
    fill();
    if (shapes.has(current)) bring(shapes.get(current));
  });
  report.start();
})();
