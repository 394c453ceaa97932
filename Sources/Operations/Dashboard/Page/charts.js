// Small charts as SVG. Each has a text description and a table with its numbers.
import { h, show, table } from "./dom.js";
import { bytes, compact, count, counted, hourAndMinute } from "./format.js";

const length = 61;
const sum = (values) => values.reduce((total, value) => total + value, 0);
const total = (counts) => sum(Object.values(counts));

/** The last hour as a small inline chart: one bar per minute, with the total next to it. */
export function spark(values) {
  const most = Math.max(1, ...values);
  const first = length - values.length;
  return [
    h("svg", { class: "spark", viewBox: `0 0 ${length * 2} 20`, preserveAspectRatio: "none", "aria-hidden": "true" },
      h("line", { x1: 0, y1: 19.5, x2: length * 2, y2: 19.5 }),
      h("path", { d: values.map((value, index) => value === 0 ? "" : `M${(first + index) * 2 + 1} 19V${19 - Math.max(1.5, value / most * 18)}`).join("") })),
    h("span", { class: sum(values) === 0 ? "quiet" : null }, compact(sum(values))),
  ];
}

export function showCharts(minutes) {
  show(document.getElementById("charts"), depth(minutes), throughput(minutes));
}

const size = { width: 480, height: 120, left: 40, right: 4, top: 8, bottom: 20 };
const step = (size.width - size.left - size.right) / length;
const x = (index, minutes) => size.left + (length - minutes.length + index) * step;
const y = (value, most) => size.height - size.bottom - value / most * (size.height - size.top - size.bottom);

function depth(minutes) {
  const values = minutes.map((minute) => minute.queuedItems);
  const most = nice(Math.max(...values));
  const words = `Items waiting over the last hour: ${count(values.at(-1) ?? 0)} now, at most ${count(Math.max(...values))}.`;
  let line = "";
  values.forEach((value, index) => {
    line += `${index === 0 ? "M" : "L"}${round(x(index, minutes))} ${round(y(value, most))}H${round(x(index, minutes) + step)}`;
  });
  const base = size.height - size.bottom;
  const area = `${line}V${base}H${round(x(0, minutes))}Z`;
  return chart("Items waiting", words, most, minutes,
    [h("path", { class: "area", d: area }), h("path", { class: "line", d: line })],
    (minute) => `${counted(minute.queuedItems, "item")} waiting, ${bytes(minute.queuedBytes)}`);
}

function throughput(minutes) {
  const accepted = minutes.map((minute) => total(minute.accepted));
  const rejected = minutes.map((minute) => total(minute.rejected));
  const most = nice(Math.max(...accepted.map((value, index) => value + rejected[index])));
  const words = `Items done per minute over the last hour: ${count(sum(accepted))} accepted, ${count(sum(rejected))} rejected in total.`;
  const bars = minutes.flatMap((_, index) => [
    bar("accepted", x(index, minutes), accepted[index], 0, most), bar("refused", x(index, minutes), rejected[index], accepted[index], most),
  ]);
  return chart("Items done per minute", words, most, minutes, bars,
    (minute) => `${count(total(minute.accepted))} accepted, ${count(total(minute.rejected))} rejected`, [
      h("span", { class: "key accepted" }, "accepted"), " ", h("span", { class: "key refused" }, "rejected"),
    ]);
}

function bar(kind, left, value, below, most) {
  if (value === 0) return null;
  const bottom = y(below, most);
  const height = Math.max(1.5, bottom - y(below + value, most));
  return h("rect", { class: kind, x: round(left + 0.5), y: round(bottom - height), width: round(step - 1), height: round(height) });
}

function chart(title, words, most, minutes, marks, told, legend) {
  const base = size.height - size.bottom;
  const axis = (value) => [
    h("line", { class: "grid", x1: size.left, x2: size.width - size.right, y1: y(value, most), y2: y(value, most) }),
    h("text", { x: size.left - 6, y: y(value, most) + 3.5, "text-anchor": "end" }, compact(value)),
  ];
  const label = (index, text, anchor) => h("text", { x: size.left + index * step, y: size.height - 5, "text-anchor": anchor }, text);
  return h("figure", { "data-key": title },
    h("figcaption", {}, h("span", {}, title), legend ? h("span", { class: "legend" }, legend) : null),
    h("svg", { viewBox: `0 0 ${size.width} ${size.height}`, role: "img", "aria-label": words },
      axis(0), axis(most / 2), axis(most), marks,
      label(0, "an hour ago", "start"), label(length / 2, "30 min", "middle"), label(length, "now", "end"),
      minutes.map((minute, index) => h("rect", {
        class: "hit", x: round(x(index, minutes)), y: size.top, width: round(step), height: base - size.top,
      }, h("title", { svg: true }, `${hourAndMinute(minute.at)}: ${told(minute)}`)))),
    h("details", {}, h("summary", {}, `${title} in numbers`),
      table(words, [{ title: "Until" }, { title }], [...minutes].reverse().map((minute) => ({
        key: minute.at, cells: [hourAndMinute(minute.at), told(minute)],
      })))));
}

const round = (number) => Math.round(number * 10) / 10;

/** The next number that looks good at the top of an axis, and whose half does, too. */
function nice(most) {
  if (most <= 2) return 2;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 4, 6, 8, 10].map((factor) => factor * power).find((value) => value >= most);
}
