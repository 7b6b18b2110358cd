// The picture on the time axis: panels drawn by uPlot from the cells that stand in this page, and from nothing else.
(() => {
  "use strict";
  const figure = document.getElementById("picture");
  const written = document.getElementById("picture-layout");
  if (!figure || !written || typeof uPlot === "undefined") return;
  const layout = JSON.parse(written.textContent);

  const make = (tag, attributes = {}, text = null) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    if (text !== null) element.textContent = text;
    return element;
  };
  const tint = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const faint = (name, share) => {
    const [, red, green, blue] = tint(name).match(/^#(..)(..)(..)$/);
    return `rgba(${[red, green, blue].map((part) => parseInt(part, 16)).join(",")},${share})`;
  };

  // Cells: every column is kept as steps from one value to the next, in units of its last decimal.
  const blocks = new Map();
  const block = (name) => {
    if (blocks.has(name)) return blocks.get(name);
    const element = document.getElementById(`cells-${name}`);
    const { tables } = JSON.parse(element.textContent);
    const read = [];
    for (const table of tables) {
      const columns = {};
      for (const [column, kept] of Object.entries(table.columns)) {
        if ("as" in kept) {
          columns[column] = read[kept.as].columns[column];
          continue;
        }
        let sum = 0;
        const unit = 10 ** kept.decimals;
        columns[column] = {
          ...kept,
          values: kept.steps.map((step) => (step === null ? null : (sum += step) / unit)),
        };
      }
      const rows = table.rows.flatMap(([first, count]) => Array.from({ length: count }, (_, at) => first + at));
      read.push({ columns, rows });
    }
    const found = { element, tables: read };
    blocks.set(name, found);
    return found;
  };

  const written_out = (value, decimals) => {
    const text = Math.abs(value).toFixed(decimals);
    const [whole, rest] = text.split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    const sign = value < 0 && /[1-9]/.test(text) ? "−" : "";
    return sign + grouped + (rest === undefined ? "" : `.${rest}`);
  };
  const instant = (seconds) => {
    const text = new Date(Math.round(seconds * 1000)).toISOString().replace("T", " ");
    return text.endsWith(":00.000Z") ? text.slice(0, 16) : text.slice(0, 19);
  };

  const lines = layout.panels.map((panel) =>
    panel.lines.map((line) => {
      const { element, tables } = block(line.block);
      const table = tables[line.table];
      const values = (name) => (name ? table.columns[name].values : null);
      return {
        ...line,
        element,
        rows: table.rows,
        x: values(line.x),
        parts: [line.y, line.low, line.high].filter(Boolean).map((name) => ({ name, ...table.columns[name] })),
      };
    }),
  );
  const spread = lines[0].flatMap((line) => [line.x[0], line.x[line.x.length - 1]]);
  const [start, end] = [Math.min(...spread), Math.max(...spread)];
  if (!(start < end)) return;

  // Stretches of time and instants that are marked in every panel.
  const spans = layout.spans.map((span) => {
    const { columns } = block(span.block).tables[span.table];
    return { ...span, from: columns[span.from].values, until: columns.until_at.values };
  });
  const marked = layout.moments.map((name, row) => ({
    name,
    at: block("moments").tables[0].columns.event_at.values[row],
  }));

  /** Names of moments that stand close together; the trigger is named whatever stands beside it. */
  const together = (names) => {
    const others = names.filter((name) => name !== "trigger");
    const said = others.length < 3 ? others : [`${others[0]} to ${others[others.length - 1]}`];
    return [...names.filter((name) => name === "trigger"), ...said].join(", ");
  };

  // One choice for all panels: which lines are shown, and which stretch of time.
  const hidden = new Set(layout.sets.filter((set) => !set.shown).map((set) => set.name));
  let bands = true;
  let range = [start, end];

  /** The row of a line that is in force at each instant of a panel, or the one of just that instant. */
  const aligned = (line, instants) => {
    let at = -1;
    return instants.map((instant) => {
      while (at + 1 < line.x.length && line.x[at + 1] <= instant) at += 1;
      return at >= 0 && (line.steps || line.x[at] === instant) ? at : -1;
    });
  };

  const controls = make("div", { class: "controls", role: "group", "aria-label": "which lines are shown" });
  const zooms = make("div", { class: "controls", role: "group", "aria-label": "which stretch of time is shown" });
  const spoken = make("p", { class: "unseen", role: "status", "aria-live": "polite" });
  const now = make("p", { class: "now" });
  const live = make("div", { class: "live" });
  live.append(controls, zooms, now, spoken);

  const panels = layout.panels.map((panel, index) => {
    const own = lines[index];
    const stepped = own.some((line) => line.steps);
    const instants = [...new Set(own.flatMap((line) => line.x).concat(stepped ? [start, end] : []))]
      .filter((at) => at >= start && at <= end)
      .sort((a, b) => a - b);
    own.forEach((line) => {
      line.at = aligned(line, instants);
    });
    const data = [instants];
    const series = [{}];
    const strips = [];
    // The first line is drawn last, and so on top.
    for (const line of [...own].reverse()) {
      const first = series.length;
      line.series = line.parts.map((part, place) => {
        data.push(line.at.map((row) => (row < 0 ? null : part.values[row])));
        series.push({
          label: line.name,
          show: !hidden.has(line.set),
          stroke: place ? "transparent" : () => tint(line.colour),
          fill: line.fill && !place ? () => faint(line.colour, 0.18) : undefined,
          width: place ? 0 : 2,
          dash: line.dash,
          paths: line.steps ? uPlot.paths.stepped({ align: 1 }) : line.dots ? () => null : undefined,
          spanGaps: !line.steps,
          points: { show: Boolean(line.dots), size: 6, fill: () => tint(line.colour) },
        });
        return first + place;
      });
      if (line.series.length === 3) {
        strips.push({ series: [first + 2, first + 1], fill: () => faint(line.colour, bands ? 0.16 : 0) });
      }
    }

    const box = make("div", { class: "panel" });
    const title = make("h3", {}, panel.title);
    const readout = make("p", { class: "readout" });
    const canvas = make("div", {
      class: "canvas",
      tabindex: "0",
      role: "img",
      "aria-label": `${panel.title}. Left and right move the reading line, plus and minus zoom, Home shows the whole time. The figures stand in a table below.`,
    });
    const behind = make("details", { class: "behind" });
    behind.append(make("summary", {}, "the figures behind this panel"));
    box.append(title, readout, canvas, behind);
    live.append(box);

    const shades = (u) => {
      const { ctx, bbox } = u;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      ctx.fillStyle = faint("--halt", 0.2);
      for (const span of spans) {
        if (hidden.has(span.set)) continue;
        span.from.forEach((from, row) => {
          const [left, right] = [from, span.until[row]].map((at) => u.valToPos(at, "x", true));
          ctx.fillRect(left, bbox.top, right - left, bbox.height);
        });
      }
      ctx.restore();
    };
    const moments = (u) => {
      const { ctx, bbox } = u;
      const dot = devicePixelRatio;
      ctx.save();
      ctx.strokeStyle = tint("--soft");
      ctx.fillStyle = tint("--soft");
      ctx.lineWidth = dot;
      ctx.setLineDash([2 * dot, 3 * dot]);
      ctx.textAlign = "left";
      ctx.textBaseline = "top";
      ctx.font = `${12 * dot}px system-ui, sans-serif`;
      // Names that would stand over each other are written as one: the first and the last of them.
      const groups = [];
      for (const { name, at } of marked) {
        const x = u.valToPos(at, "x", true);
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        const last = groups[groups.length - 1];
        if (last && x < last.x + ctx.measureText(together(last.names)).width + 8 * dot) {
          last.names.push(name);
          last.x = x;
        }
        else groups.push({ x, names: [name] });
      }
      if (!index) for (const { x, names } of groups) ctx.fillText(together(names), x + 4 * dot, bbox.top + 2 * dot);
      ctx.restore();
    };

    const hour = 3600;
    const axis = { stroke: () => tint("--soft"), font: "12px system-ui, sans-serif", ticks: { show: false } };
    const chart = new uPlot(
      {
        width: 600,
        height: panel.tall,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
        legend: { show: false },
        padding: [8, 22, 0, 0],
        scales: { x: { min: start, max: end, auto: false }, y: { range: (u, low, high) => room(low, high, panel.floor) } },
        axes: [
          {
            ...axis,
            grid: { stroke: () => tint("--line"), width: 1 },
            size: 28,
            space: 64,
            values: (u, splits) =>
              splits.map((at) => {
                const text = instant(at);
                return at % (24 * hour) === 0 ? text.slice(5, 10) : text.slice(11, 16);
              }),
          },
          {
            ...axis,
            grid: { stroke: () => tint("--line"), width: 1 },
            size: 58,
            space: 34,
            values: (u, splits) => splits.map((value) => written_out(value, decimals_of(splits))),
          },
        ],
        series,
        bands: strips,
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: true, y: false },
          sync: { key: "picture", scales: ["x", null], filters: { pub: (type) => type === "mousemove" } },
          bind: { dblclick: () => () => zoom(start, end) },
          dataIdx: (u, _, nearest, at) =>
            stepped && nearest > 0 && instants[nearest] > at ? nearest - 1 : nearest,
        },
        hooks: {
          drawClear: [shades],
          draw: [moments],
          setCursor: [(u) => read(panels[index], u.cursor.idx)],
          setScale: [
            (u, key) => {
              const { min, max } = u.scales.x;
              if (key === "x" && (min !== range[0] || max !== range[1])) zoom(min, max);
            },
          ],
        },
      },
      data,
      canvas,
    );
    return { panel, own, instants, chart, box, readout, canvas, behind, idx: 0 };
  });

  /** Least and most of a value axis, with room above and below; bars stand on zero. */
  function room(low, high, floor) {
    if (low === null || high === null || !Number.isFinite(low + high)) return [0, 1];
    const from = floor === null ? low : Math.min(low, floor);
    // A line that does not move stands in the middle of an axis with readable marks.
    const space = high === from ? Math.abs(high) * 0.1 || 1 : Math.max((high - from) * 0.06, Math.abs(high) * 1e-6);
    return [from === floor ? from : from - space, high + space];
  }
  function decimals_of(splits) {
    const step = splits.length > 1 ? Math.abs(splits[1] - splits[0]) : 1;
    return Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
  }

  const shown = (line) => !hidden.has(line.set);

  /** A figure with the place it comes from, as every figure of this page. */
  function figure_of(line, part, row) {
    const value = part.values[row];
    const cell = make("data", { class: "cell", "data-row": line.rows[row], "data-column": part.name, value: value ?? "" });
    for (const { name, value: text } of line.element.attributes) if (name.startsWith("data-")) cell.setAttribute(name, text);
    if (part.factor) cell.setAttribute("data-factor", part.factor);
    cell.textContent = value === null ? "–" : written_out(value, part.decimals);
    return cell;
  }
  function place(line, row) {
    const [middle, low, high] = line.parts;
    const parts = [figure_of(line, middle, row)];
    if (high && low.values[row] !== null && high.values[row] !== null) {
      parts.push(" [", figure_of(line, low, row), ", ", figure_of(line, high, row), "]");
    }
    return parts;
  }
  function sign(of) {
    return make("span", { class: "kind", role: "img", "aria-label": of.word, title: of.word }, of.sign);
  }
  function swatch(line) {
    const mark = make("i", { class: "swatch", "aria-hidden": "true" });
    mark.style.setProperty("--c", `var(${line.colour})`);
    if (line.dash) mark.style.setProperty("--s", "dashed");
    return mark;
  }

  /** What a panel shows at the reading line. */
  function read(panel, idx) {
    if (!panel || idx === null || idx === undefined) return;
    panel.idx = idx;
    const found = panel.own.filter((line) => shown(line) && line.at[idx] >= 0);
    panel.readout.replaceChildren(
      ...found.map((line) => {
        const one = make("span", { "data-line": line.name });
        one.append(swatch(line), `${line.name} `, sign(line.kind), " ", ...place(line, line.at[idx]));
        return one;
      }),
    );
    if (panel !== panels[0]) return;
    const at = panel.instants[idx];
    const during = spans.filter(
      (span) => !hidden.has(span.set) && span.from.some((from, row) => from <= at && at < span.until[row]),
    );
    now.replaceChildren(make("time", { datetime: `${instant(at).replace(" ", "T")}Z` }, `${instant(at)} UTC`));
    for (const said of new Set(during.map((span) => span.said))) now.append(`, ${said}`);
  }

  /** Moves the reading line of every panel to an instant. */
  function look(at) {
    for (const panel of panels) {
      const left = panel.chart.valToPos(at, "x");
      panel.chart.setCursor({ left, top: 1 });
      const nearest = panel.instants.reduce(
        (best, instant, index) => (Math.abs(instant - at) < Math.abs(panel.instants[best] - at) ? index : best),
        0,
      );
      const stepped = panel.own.some((line) => line.steps);
      read(panel, stepped && nearest > 0 && panel.instants[nearest] > at ? nearest - 1 : nearest);
    }
  }

  /** Shows a stretch of time in every panel, inside the whole and no narrower than a minute. */
  function zoom(from, to) {
    const length = Math.min(Math.max(to - from, 60), end - start);
    const least = Math.max(start, Math.min(from, end - length));
    range = [least, least + length];
    for (const { chart } of panels) chart.setScale("x", { min: range[0], max: range[1] });
    live.dataset.from = range[0];
    live.dataset.to = range[1];
    spoken.textContent = `from ${instant(range[0])} to ${instant(range[1])} UTC`;
    for (const panel of panels) if (panel.behind.open) tabulate(panel);
  }
  const around = (share) => {
    const middle = (range[0] + range[1]) / 2;
    const half = ((range[1] - range[0]) * share) / 2;
    zoom(middle - half, middle + half);
  };
  const aside = (share) => zoom(range[0] + (range[1] - range[0]) * share, range[1] + (range[1] - range[0]) * share);

  /** The table behind a panel: the stretch of time that is shown, line by line. */
  function tabulate(panel) {
    const most = 400;
    const own = panel.own.filter(shown);
    const rows = panel.instants.map((_, index) => index).filter((index) => panel.instants[index] >= range[0] && panel.instants[index] <= range[1]);
    const table = make("table");
    const head = table.createTHead().insertRow();
    head.append(make("th", { scope: "col" }, "UTC"));
    for (const line of own) {
      const heading = make("th", { scope: "col", class: "figure" }, `${line.name} `);
      heading.append(sign(line.kind));
      head.append(heading);
    }
    const body = table.createTBody();
    for (const index of rows.slice(0, most)) {
      const row = body.insertRow();
      row.append(make("th", { scope: "row" }, instant(panel.instants[index])));
      for (const line of own) {
        const one = make("td", { class: "figure" });
        if (line.at[index] >= 0) one.append(...place(line, line.at[index]));
        row.append(one);
      }
    }
    const scroll = make("div", { class: "scroll", tabindex: "0" });
    scroll.append(table);
    const rest = rows.length > most ? [make("p", { class: "source" }, "not all instants of this stretch are listed; zoom in to see the others")] : [];
    panel.behind.replaceChildren(panel.behind.firstElementChild, scroll, ...rest);
  }

  const button = (holder, label, name, act) => {
    const one = make("button", { type: "button" }, label);
    if (name) {
      one.setAttribute("aria-label", name);
      one.title = name;
    }
    one.addEventListener("click", () => act(one));
    holder.append(one);
    return one;
  };
  const again = () => {
    for (const panel of panels) {
      panel.own.forEach((line) => line.series.forEach((at) => panel.chart.setSeries(at, { show: shown(line) })));
      panel.chart.redraw(false, false);
      read(panel, panel.idx);
      if (panel.behind.open) tabulate(panel);
    }
  };
  for (const set of layout.sets) {
    const toggle = button(controls, ` ${set.name}`, null, () => {
      if (!hidden.delete(set.name)) hidden.add(set.name);
      toggle.setAttribute("aria-pressed", String(!hidden.has(set.name)));
      again();
    });
    toggle.dataset.set = set.name;
    toggle.prepend(swatch(set));
    toggle.setAttribute("aria-pressed", String(set.shown));
  }
  if (lines.flat().some((line) => line.parts.length === 3)) {
    const toggle = button(controls, "intervals", null, () => {
      bands = !bands;
      toggle.setAttribute("aria-pressed", String(bands));
      again();
    });
    toggle.setAttribute("aria-pressed", "true");
  }
  button(zooms, "+", "zoom in", () => around(0.5));
  button(zooms, "−", "zoom out", () => around(2));
  button(zooms, "←", "earlier", () => aside(-0.5));
  button(zooms, "→", "later", () => aside(0.5));
  button(zooms, "whole", "the whole time", () => zoom(start, end));

  live.addEventListener("keydown", (event) => {
    if (!event.target.classList.contains("canvas")) return;
    const [first] = panels;
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 }[event.key];
    if (step) {
      const idx = Math.max(0, Math.min(first.instants.length - 1, first.idx + step));
      look(first.instants[idx]);
      const panel = panels.find(({ canvas }) => canvas === event.target);
      spoken.textContent = `${now.textContent}: ${panel.readout.textContent}`;
    } else if (event.key === "+" || event.key === "=") around(0.5);
    else if (event.key === "-") around(2);
    else if (event.key === "Home") zoom(start, end);
    else return;
    event.preventDefault();
  });
  for (const panel of panels) {
    panel.behind.addEventListener("toggle", () => panel.behind.open && tabulate(panel));
  }

  figure.prepend(live);
  figure.classList.add("on");
  const fit = () => {
    for (const { chart, canvas, panel } of panels) {
      const width = Math.floor(canvas.clientWidth);
      if (width && width !== chart.width) chart.setSize({ width, height: panel.tall });
    }
  };
  new ResizeObserver(fit).observe(live);
  fit();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const { chart } of panels) chart.redraw(false, true);
  });
  zoom(start, end);
  // The reading line begins at the lowest price of the first line, once the panels know their scales.
  const [first] = lines[0];
  const prices = first.parts[0].values;
  const lower = (low, price, row) => (price !== null && (prices[low] === null || price < prices[low]) ? row : low);
  requestAnimationFrame(() => look(first.x[prices.reduce(lower, 0)]));
})();
