// One file: its state, its full receipt, and its rejected items with their reasons.
import { badge, h, show, table } from "./dom.js";
import { bytes, count, counted, duration, since, time, until } from "./format.js";
import { states } from "./files.js";

const place = (id) => document.getElementById(id);
const number = { class: "number" };
/** More rows than this slow the page down; the raw receipt below has all of them. */
const mostRows = 200;

/** The id in the address, `#file/01J…`; null if there is none. */
export function wanted() { return /^#file\/([0-9A-Za-z]{26})$/.exec(location.hash)?.[1] ?? null; }

export function close() {
  if (place("receipt").open) place("receipt").close();
}

/** Calls `closed` when the reader has closed it. */
export function listen(closed) {
  place("close").addEventListener("click", close);
  place("receipt").addEventListener("close", closed);
  // A click outside the dialog.
  place("receipt").addEventListener("click", (event) => { if (event.target === place("receipt")) close(); });
}

export function showMissing(id, reason) {
  open("No such file");
  show(place("receipt-body"), h("p", { class: "empty" }, `No information about ${id}: ${reason}`));
}

export function showFile({ id, file, receipt, receiptPath, receiptFault, sendingItems }, inboxes) {
  const about = receipt?.file ?? file;
  open(about.name);
  const state = receipt?.status ?? file.state;
  const folder = inboxes.find((inbox) => inbox.name === about.inbox)?.folder;
  show(place("receipt-body"),
    h("p", { class: "standing" }, badge(...states[state] ?? ["unknown", state]), " ", sentence(file, receipt, receiptFault)),
    receipt ? share(receipt.counts) : null,
    receipt?.error ? fault(receipt.error) : null,
    receipt?.warnings ? warned(receipt.warnings) : null,
    receipt ? null : underWay(file, sendingItems),
    receipt ? refused(receipt, folder, receiptPath) : null,
    h("section", { "data-key": "facts" }, h("h3", {}, "Facts"), facts(id, file, receipt, receiptPath)),
    receipt ? requests(receipt.batches) : null,
    receipt ? h("details", { "data-key": "raw" }, h("summary", {}, "The raw receipt"), h("pre", { tabindex: "0", "aria-label": "receipt" }, JSON.stringify(receipt, null, 2))) : null);
}

function open(title) {
  show(place("receipt-title"), title);
  if (place("receipt").open) return;
  place("receipt").showModal();
  place("receipt").scrollTop = 0;
}

function sentence(file, receipt, receiptFault) {
  if (!receipt) {
    if (receiptFault) return `Its receipt can't be shown here (${receiptFault}); these counts are from the outbox.`;
    if (file.completedAt) return "Its receipt is no longer in its folder; these counts are from the outbox.";
    return `${count(file.accepted)} of ${counted(file.items, "item")} accepted so far, ${count(file.rejected)} rejected.`;
  }
  const { items, accepted, rejected, unchanged } = receipt.counts;
  if (receipt.error) return "The file could not be used; nothing was sent.";
  return `${counted(items, "item")}: ${count(accepted)} accepted${unchanged > 0 ? ` (${count(unchanged)} of them unchanged)` : ""}, ${count(rejected)} rejected.`;
}

/** The accepted and rejected shares, as a bar; the sentence above has the numbers. */
function share({ items, accepted }) {
  if (items === 0) return null;
  const width = accepted / items * 100;
  return h("svg", { class: "share", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true", "data-key": "share" },
    h("rect", { class: "refused", width: 100, height: 4 }), h("rect", { class: "accepted", width, height: 4 }));
}

function fault({ code, message, line, column }) {
  const where = line ? `, line ${line}${column ? `, column ${column}` : ""}` : "";
  return h("section", { "data-key": "fault", class: "fault" }, h("h3", {}, "Why"), h("p", {}, h("code", {}, code), where), h("p", {}, message),
    h("p", { class: "quiet" }, "The whole file is in outbox/rejected. Fix it, and drop it again under its old name."));
}

function warned(warnings) {
  return h("section", { "data-key": "warnings", class: "fault" }, h("h3", {}, "Look at this file"),
    warnings.map(({ code, message }) => h("p", { "data-key": code }, h("code", {}, code), " ", message)));
}

function underWay(file, sendingItems) {
  if (!file || file.completedAt) return null;
  const turn = sendingItems > 0 ? `${counted(sendingItems, "item")} ${sendingItems === 1 ? "is" : "are"} being sent` : "it is waiting for its turn";
  const waits = file.problem ?? (file.state === "reading" ? "it is being read and checked; nothing is sent until that is done" : turn);
  return h("section", { "data-key": "way" }, h("h3", {}, "Status"),
    h("p", {}, `${file.target ? `To ${file.target}: ` : ""}${waits}${file.nextAt ? `; next attempt ${until(file.nextAt)}` : ""}.`));
}

function refused({ rejects, counts }, folder, receiptPath) {
  if (counts.rejected === 0) return null;
  const path = rejects.file && receiptPath ? `${receiptPath.replace(/\/receipts\/[^/]*$/, "")}/rejected/${rejects.file}` : null;
  const columns = [{ title: "Item", ...number }, { title: "Line", ...number }, { title: "Key", class: "wide" }, { title: "Reason", class: "reason" }];
  return h("section", { "data-key": "refused" }, h("h3", {}, "Rejected items"),
    path ? h("p", {}, "They are in ", h("code", {}, path), ", each with its reason. Fix them there",
      folder ? [" and move the file into ", h("code", {}, folder)] : " and drop the file again", ".") : null,
    h("div", { class: "scroll" }, table("Rejected items", columns, rejects.first.map((reject) => ({
      key: `${reject.item}`,
      cells: [count(reject.item), count(reject.line), reject.key ?? h("span", { class: "quiet" }, "–"), [h("code", {}, reject.code), " ", reject.message]],
    })))),
    counts.rejected > rejects.first.length ? h("p", { class: "quiet" }, `The first ${count(rejects.first.length)} of ${count(counts.rejected)}.`) : null);
}

function facts(id, file, receipt, receiptPath) {
  const about = receipt?.file ?? file;
  const list = [["Id", h("code", {}, id)], ["Inbox", about.inbox], ["Came in", when(about.receivedAt)]];
  if (about.completedAt) list.push(["Done", [when(about.completedAt), `, after ${duration(Date.parse(about.completedAt) - Date.parse(about.receivedAt))}`]]);
  else list.push(["Under way", `for ${since(about.receivedAt)}`]);
  if (receipt) {
    if (receipt.target) list.push(["Target", [receipt.target.name, " ", h("span", { class: "quiet" }, receipt.target.url)]]);
    list.push(["Size", `${bytes(about.bytes)}${about.format ? `, ${about.format}` : ""}`]);
    if (receipt.counts.requests !== undefined) list.push(["Sent in", counted(receipt.counts.requests, "request")]);
    if (about.corrects) list.push(["Corrects", link(about.corrects)]);
    if (about.duplicateOf) list.push(["Same bytes as", link(about.duplicateOf)]);
    if (about.sha256) list.push(["SHA-256", h("code", {}, about.sha256)]);
    list.push(["Receipt", h("code", {}, receiptPath)]);
  }
  return h("dl", { class: "facts" }, list.map(([title, value]) => h("div", { "data-key": title }, h("dt", {}, title), h("dd", {}, value))));
}

function when(text) { return h("time", { datetime: text, title: text }, time(text)); }

function link(id) { return h("a", { href: `#file/${id}` }, h("code", {}, id)); }

function requests(batches) {
  if (batches.length === 0) return null;
  const columns = [
    { title: "Request", ...number }, { title: "Items", ...number }, { title: "Accepted", ...number }, { title: "Rejected", ...number },
    { title: "Attempts", ...number }, { title: "Unanswered", ...number }, { title: "Answer", ...number }, { title: "Sent" }, { title: "The API's id", class: "name" },
  ];
  return h("details", { "data-key": "requests", open: batches.length <= 20 }, h("summary", {}, counted(batches.length, "request"), " that settled items"),
    h("div", { class: "scroll" }, table("Requests that settled items", columns, batches.slice(0, mostRows).map((batch) => ({
      key: `${batch.sequence}`,
      cells: [
        count(batch.sequence), count(batch.items), count(batch.accepted), count(batch.rejected), count(batch.attempts), count(batch.unanswered),
        batch.status === null ? "none" : String(batch.status), batch.sentAt ? when(batch.sentAt) : "–", batch.requestId ?? "–",
      ],
    })))),
    batches.length > mostRows ? h("p", { class: "quiet" }, `The first ${mostRows}; the raw receipt below has all of them.`) : null);
}
