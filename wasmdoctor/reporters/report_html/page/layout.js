// Where the nodes of a graph stand: columns from what needs to what is needed, few crossings, nothing overlaps.
// A pure function of numbers; linked nodes are pulled to one height.

/** What a node's kind puts it behind. */
const RANKS = { component: 0, module: 0, crate: 1, binding: 2, world: 3, interface: 4, host: 5 };
const GAP_X = 48;
const GAP_Y = 10;

/**
 * `nodes` are {kind, width, height}, `links` pairs of their numbers, from what needs to what is needed.
 * Gives {places: [{x, y, column}], columns: [{x, width, kind}], width, height}.
 */
function layout(nodes, links) {
  const columns = columnsOf(nodes, links);
  const column = [];
  columns.forEach((members, number) => members.forEach((node) => (column[node] = number)));
  const near = nodes.map(() => []);
  for (const [from, to] of links) {
    if (column[from] === column[to]) continue;
    near[from].push(to);
    near[to].push(from);
  }

  const order = [];
  const count = (members) => members.forEach((node, place) => (order[node] = place / members.length));
  columns.forEach(count);
  for (let sweep = 0; sweep < 8; sweep++) {
    for (const members of sweep % 2 ? [...columns].reverse() : columns) {
      const wanted = new Map(members.map((node) => [node, mean(near[node], order, order[node])]));
      members.sort((one, two) => wanted.get(one) - wanted.get(two) || one - two);
      count(members);
    }
  }

  const middle = [];
  for (const members of columns) {
    let at = 0;
    for (const node of members) {
      middle[node] = at + nodes[node].height / 2;
      at += nodes[node].height + GAP_Y;
    }
  }
  for (let sweep = 0; sweep < 8; sweep++) {
    for (const members of sweep % 2 ? [...columns].reverse() : columns) settle(members, nodes, near, middle);
  }

  const top = Math.min(0, ...nodes.map((node, number) => middle[number] - node.height / 2));
  let x = 0;
  let height = 0;
  const places = [];
  const shown = columns.map((members, number) => {
    const width = Math.max(...members.map((node) => nodes[node].width));
    for (const node of members) {
      const y = middle[node] - nodes[node].height / 2 - top;
      places[node] = { x, y, column: number };
      height = Math.max(height, y + nodes[node].height);
    }
    const made = { x, width, kind: nodes[members[0]].kind };
    x += width + GAP_X;
    return made;
  });
  return { places, columns: shown, width: Math.max(0, x - GAP_X), height };
}

/** The columns, each a list of nodes; crates stand in several, those that others need further on. */
function columnsOf(nodes, links) {
  const below = nodes.map(() => []);
  for (const [from, to] of links) if (nodes[from].kind === "crate" && nodes[to].kind === "crate") below[to].push(from);
  const depths = [];
  const depth = (start) => {
    // Without recursion: chains of crates can be long. A loop ends where it began.
    const todo = [start];
    while (todo.length) {
      const node = todo[todo.length - 1];
      if (depths[node] === undefined) depths[node] = -1;
      const open = below[node].filter((other) => depths[other] === undefined);
      if (open.length) {
        todo.push(...open);
        continue;
      }
      if (depths[node] === -1) depths[node] = Math.max(0, ...below[node].map((other) => depths[other] + 1));
      todo.pop();
    }
    return depths[start];
  };
  const found = new Map();
  nodes.forEach((node, number) => {
    const rank = RANKS[node.kind] * 1e6 + (node.kind === "crate" ? depth(number) : 0);
    if (!found.has(rank)) found.set(rank, []);
    found.get(rank).push(number);
  });
  return [...found.keys()].sort((one, two) => one - two).map((rank) => found.get(rank));
}

function mean(others, values, otherwise) {
  if (!others.length) return otherwise;
  let sum = 0;
  for (const other of others) sum += values[other];
  return sum / others.length;
}

/** Move a column's nodes towards the heights of their neighbours, in their order and without overlap. */
function settle(members, nodes, near, middle) {
  const wanted = members.map((node) => mean(near[node], middle, middle[node]));
  // Runs of nodes that touch move as one, to where the mean of their wishes is.
  const runs = [];
  members.forEach((node, place) => {
    const room = nodes[node].height + GAP_Y;
    runs.push({ first: place, count: 1, room, start: wanted[place] - room / 2 });
    while (runs.length > 1) {
      const last = runs[runs.length - 1];
      const before = runs[runs.length - 2];
      if (before.start + before.room <= last.start) break;
      runs.pop();
      const total = before.count + last.count;
      before.start = (before.start * before.count + (last.start - before.room) * last.count) / total;
      before.count = total;
      before.room += last.room;
    }
  });
  for (const run of runs) {
    let at = run.start;
    for (let place = run.first; place < run.first + run.count; place++) {
      const node = members[place];
      middle[node] = at + (nodes[node].height + GAP_Y) / 2;
      at += nodes[node].height + GAP_Y;
    }
  }
}
