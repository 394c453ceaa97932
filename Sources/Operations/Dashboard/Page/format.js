// Human-readable numbers, sizes and times.

const whole = new Intl.NumberFormat("en-GB");
const short = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const minute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** How far the daemon's clock is ahead of the browser's, in milliseconds. */
let ahead = 0;

export function setNow(text) { ahead = Date.parse(text) - Date.now(); }

export function now() { return Date.now() + ahead; }

export function count(number) { return whole.format(number); }

export function compact(number) { return short.format(number); }

/** `count(1, "file")` gives `1 file`. */
export function counted(number, word) { return `${count(number)} ${word}${number === 1 ? "" : "s"}`; }

export function bytes(number) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (number >= 1024 && unit < units.length - 1) { number /= 1024; unit += 1; }
  return unit === 0 ? counted(number, "byte") : `${number.toFixed(number < 10 ? 1 : 0)} ${units[unit]}`;
}

export function duration(milliseconds) {
  const seconds = Math.round(Math.max(0, milliseconds) / 1000);
  if (milliseconds < 950) return `${Math.round(Math.max(0, milliseconds))} ms`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return seconds < 600 && seconds % 60 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds % 86400 / 3600)} h`;
}

/** In the reader's time zone; with the date only if it is not today. */
export function time(text) {
  const date = new Date(text);
  const today = new Date(now());
  if (date.toDateString() === today.toDateString()) return clock.format(date);
  return `${(date.getFullYear() === today.getFullYear() ? day : dayOfYear).format(date)}, ${minute.format(date)}`;
}

export function hourAndMinute(text) { return minute.format(new Date(text)); }

export function since(text) { return duration(now() - Date.parse(text)); }

/** `in 12 s`, or `now` if it is due. */
export function until(text) {
  const left = Date.parse(text) - now();
  return left < 1000 ? "now" : `in ${duration(left)}`;
}

/** The last midnight in the reader's time zone. */
export function midnight() {
  const date = new Date(now());
  date.setHours(0, 0, 0, 0);
  return date.toISOString();
}
