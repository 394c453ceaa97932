// The latest files, and the search.
import { badge, h, show, table } from "./dom.js";
import { targetWord } from "./flow.js";
import { count, duration, now, since, time, until } from "./format.js";

const place = (id) => document.getElementById(id);
const number = { class: "number" };
let limit = 30;

export const states = {
  accepted: ["well", "accepted", "well"], partial: ["waiting", "partly rejected", "partial"], rejected: ["bad", "rejected", "rejected"],
  reading: ["busy", "being read", "underway"], queued: ["busy", "under way", "underway"], finishing: ["busy", "writing results", "underway"],
};

/** Calls `changed` when the reader asks for other files. */
export function listen(changed) {
  place("find").addEventListener("submit", (event) => event.preventDefault());
  let waiting;
  place("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(changed, 150);
  });
  for (const id of ["inbox", "state"]) place(id).addEventListener("change", changed);
  place("more").addEventListener("click", () => {
    limit = Math.min(500, limit + 70);
    changed();
  });
}

export function address() {
  const asked = ["search", "inbox", "state"].filter((id) => place(id).value !== "");
  // Not with URLSearchParams: it encodes a space as a plus, which only means a space in forms.
  return `/api/files?limit=${limit}${asked.map((id) => `&${id}=${encodeURIComponent(place(id).value)}`).join("")}`;
}

function isFiltered() { return ["search", "inbox", "state"].some((id) => place(id).value !== ""); }

/** Shows only files with rejected items. */
export function showRejects() {
  place("search").value = place("inbox").value = "";
  place("state").value = "rejects";
  place("files").scrollIntoView();
  place("state").focus({ preventScroll: true });
}

export function offerInboxes(inboxes) {
  const select = place("inbox");
  const chosen = select.value;
  show(select, h("option", { value: "" }, "all"), inboxes.map(({ name }) => h("option", { value: name }, name)));
  select.value = chosen;
}

const columns = [
  { title: "Came in", class: "lead" }, { title: "File", class: "name" }, { title: "Inbox", class: "lead" }, { title: "State", class: "state" }, { title: "Items", ...number },
  { title: "Accepted", ...number }, { title: "Rejected", ...number }, { title: "Took", class: "number lead" },
];

export function showFiles({ files, hasMore }, { inboxes, targets }) {
  place("more").hidden = !hasMore || limit >= 500;
  show(place("found"), isFiltered() ? `${count(files.length)}${hasMore ? " or more" : ""} files found` : "");
  if (files.length === 0) return show(place("list"), isFiltered() ? nothingFound() : noFilesYet(inboxes));
  show(place("list"), table("Files, newest first", columns, files.map((file) => ({
    key: file.id,
    cells: [
      h("time", { datetime: file.receivedAt, title: file.receivedAt }, time(file.receivedAt)),
      h("a", { href: `#file/${file.id}` }, file.name), file.inbox, state(file, targets), count(file.items), count(file.accepted),
      h("span", { class: file.rejected > 0 ? "refused" : "quiet" }, count(file.rejected)), took(file),
    ],
  }))));
}

function state(file, targets) {
  const [level, word, shape] = states[file.state] ?? ["unknown", file.state];
  return [badge(level, word, shape), h("span", { class: "why" }, " ", why(file, targets))];
}

/** Why a file is waiting, or could not be used. */
function why(file, targets) {
  const next = file.nextAt ? `, next attempt ${until(file.nextAt)}` : "";
  const target = targets.find(({ name }) => name === file.target);
  // What is wrong with a target is shown once, above.
  if (file.state === "queued" && target && target.state !== "delivering") return `${target.name} ${targetWord(target)}${next}`;
  return file.problem ? file.problem + next : null;
}

function took(file) {
  if (!file.completedAt) return h("span", { class: "quiet" }, since(file.receivedAt));
  return duration(Date.parse(file.completedAt) - Date.parse(file.receivedAt));
}

function noFilesYet(inboxes) {
  return h("div", { class: "empty" },
    h("p", {}, "No files yet. Drop one into an inbox; it is best to write it under a temporary name and then rename it:"),
    h("ul", {}, inboxes.map(({ name, folder }) => h("li", { "data-key": name }, h("code", {}, folder)))),
    h("p", {}, "The file and its receipt show up here within seconds."));
}

function nothingFound() {
  return h("p", { class: "empty" }, "No matching file. The list contains the files that this outbox knows; ",
    h("code", {}, "upsertd receipts"), " searches the receipts in their folders.");
}
