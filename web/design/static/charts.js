/* Draws [data-chart] figures with uPlot: `figures` as a line of means in a band from least to most,
   `amounts` as bars. All of it comes with the page, in data-chart; the same stands below as a
   table. Times are written as the home's clock shows them, whatever the reader's browser thinks. */

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const TICK_PX = 58;

function nearby(data, width) {
  const every = Math.max(1, Math.ceil(data.ticks.length / Math.max(1, Math.floor(width / TICK_PX))));
  return data.ticks.filter((_, place) => place % every === 0);
}

function text(value) {
  const size = Math.abs(value);
  return `${+value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3)}`.replace("-", "−");
}

/* What the pointer is on, in words. */
function said(data) {
  const daily = data.from[1] - data.from[0] > 80000;
  const clock = new Intl.DateTimeFormat(data.lang, { timeZone: data.zone, month: "short", day: "numeric", ...(daily ? { weekday: "short" } : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }) });
  const unit = data.unit ? `\u00a0${data.unit}` : "";
  return (at) => {
    const when = clock.format(data.from[at] * 1e3);
    if (data.form === "amounts") return data.v[at] === null ? "" : `${when} · ${text(data.v[at])}${unit}`;
    if (data.mean[at] === null) return "";
    const [least, mean, most] = [data.least[at], data.mean[at], data.most[at]].map(text);
    return `${when} · ${mean}${unit}${least === most ? "" : ` (${least} – ${most})`}`;
  };
}

/* A bucket with gaps on both sides has no line: it gets a dot. */
function alone(plot, series) {
  const values = plot.data[series];
  return values.flatMap((value, at) => (value !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null ? [at] : []));
}

function series(data) {
  if (data.form === "amounts") {
    return [{ stroke: css("--accent"), fill: css("--accent"), width: 0, points: { show: false }, paths: window.uPlot.paths.bars({ size: [0.72, 56] }) }];
  }
  const edge = { stroke: "transparent", width: 0, points: { show: false } };
  return [edge, { stroke: css("--accent"), width: 2, points: { show: true, size: 6, fill: css("--accent"), filter: alone } }, edge];
}

const fromZero = (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1];
/* uPlot would draw a value that never changed between zero and its double. */
const around = (_plot, low, high) => (low === high ? [low - 1, high + 1] : window.uPlot.rangeNum(low, high, 0.1, true));

function options(data, width, told) {
  const axis = { stroke: css("--quiet"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") }, font: "14px system-ui" };
  const words = said(data);
  return {
    width, height: width < 500 ? 220 : 280,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: data.form !== "amounts" } },
    scales: { x: { range: [data.start, data.end] }, y: { range: data.form === "amounts" ? fromZero : around } },
    axes: [
      { ...axis, size: 36, splits: () => nearby(data, width).map((tick) => tick[0]), values: () => nearby(data, width).map((tick) => tick[1]) },
      { ...axis, size: width < 500 ? 48 : 60, values: (_, splits) => splits.map(text) },
    ],
    series: [{}, ...series(data)],
    bands: data.form === "amounts" ? [] : [{ series: [3, 1], fill: css("--accent-band") }],
    hooks: { setCursor: [(plot) => { told.textContent = plot.cursor.idx === null ? "" : words(plot.cursor.idx); }] },
  };
}

function draw(figure) {
  const data = JSON.parse(figure.dataset.chart);
  const told = figure.querySelector("[data-chart-told]");
  const columns = data.form === "amounts" ? [data.t, data.v] : [data.t, data.least, data.mean, data.most];
  let plot = null;
  let width = 0;
  const make = () => {
    if (plot) plot.destroy();
    width = figure.clientWidth;
    plot = new window.uPlot(options(data, width, told), columns, figure);
  };
  make();
  new ResizeObserver(() => { if (figure.clientWidth !== width) make(); }).observe(figure);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", make);
}

document.querySelectorAll("[data-chart]").forEach(draw);
