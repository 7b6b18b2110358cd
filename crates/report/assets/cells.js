// A click on a figure says which cell it is: the query, its row and column, and the value in full.
(() => {
  "use strict";
  const note = document.createElement("div");
  note.className = "address";
  note.setAttribute("role", "status");
  note.hidden = true;
  document.body.append(note);

  const inherited = (from, name) => {
    const holder = from.closest(`[data-${name}]`);
    return holder ? holder.getAttribute(`data-${name}`) : null;
  };

  /** Column of a figure in a table: the heading names the columns of its place, the median first. */
  const column = (cell) => {
    const own = cell.getAttribute("data-column");
    const place = cell.closest("td");
    if (own || !place) return own;
    const heading = place.closest("table").tHead.rows[0].cells[place.cellIndex];
    const at = [...place.querySelectorAll("data")].indexOf(cell);
    return (heading.getAttribute("data-columns") || "").split(" ")[Math.max(at, 0)];
  };

  document.addEventListener("click", (event) => {
    const cell = event.target.closest("data, .cell");
    const query = cell && inherited(cell, "query");
    note.hidden = !query;
    if (!query) return;
    const named = ["episode", "run", "world", "rule_set"].find((name) => inherited(cell, name) !== null);
    const full = cell.getAttribute("value");
    note.replaceChildren(
      ...[
        `${query}, row ${inherited(cell, "row")}, column ${column(cell)}${full ? `: ${full}` : ""}`,
        `aftershock sql --named ${query} -p '${named}=${inherited(cell, named)}'`,
      ].map((text) => {
        const line = document.createElement("code");
        line.textContent = text;
        return line;
      }),
    );
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") note.hidden = true;
  });
})();
