/* Draws [data-chart] figures with uPlot: recent values of one entity, read as {t: [s], v: [..]}.
   Values are numbers, or 0 / 1 for on and off with `words` for the axis. The same values stand
   below as a table for those who cannot see the line. */

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function options(figure, data, width) {
  const words = data.words;
  const axis = { stroke: css("--quiet"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") }, font: "14px system-ui" };
  return {
    width, height: words ? 160 : 260,
    tzDate: (ts) => window.uPlot.tzDate(new Date(ts * 1e3), "Asia/Shanghai"),
    legend: { show: false }, cursor: { y: false },
    scales: words ? { y: { range: [-0.2, 1.2] } } : {},
    axes: [
      { ...axis, values: [[3600, "{HH}:{mm}", null, null, "\n{MM}-{DD}"], [60, "{HH}:{mm}", null, null, null, null, null, null, 1], [1, "{HH}:{mm}:{ss}"]].map((row) => [row[0], row[1], null, null, null, null, null, null, 1]) },
      { ...axis, size: words ? 16 + 14 * Math.max(...words.map((w) => [...w].reduce((n, c) => n + (c > "\u2fff" ? 1 : 0.56), 0))) : 56, ...(words ? { splits: [0, 1], values: () => words } : { values: (_, splits) => splits.map((v) => `${+v.toFixed(2)}`) }) },
    ],
    series: [{}, {
      stroke: css("--accent"), width: 2, points: { show: !words && data.t.length < 40, size: 6 },
      ...(words || data.step ? { paths: window.uPlot.paths.stepped({ align: 1 }), fill: css("--accent-soft") } : {}),
    }],
  };
}

async function draw(figure) {
  const text = figure.querySelector("[data-chart-text]");
  const response = await fetch(figure.dataset.chart);
  if (!response.ok) throw new Error(String(response.status));
  const data = await response.json();
  if (!data.t.length) {
    text.textContent = data.empty || "–";
    return;
  }
  text.remove();
  let plot = null;
  const make = () => {
    if (plot) plot.destroy();
    plot = new window.uPlot(options(figure, data, figure.clientWidth), [data.t, data.v], figure);
  };
  make();
  new ResizeObserver(() => plot.setSize({ width: figure.clientWidth, height: plot.height })).observe(figure);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", make);
}

document.querySelectorAll("[data-chart]").forEach((figure) => {
  draw(figure).catch(() => {
    const text = figure.querySelector("[data-chart-text]");
    if (text) text.textContent = "–";
  });
});
