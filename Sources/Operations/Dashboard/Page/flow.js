// Inboxes and what came in; targets and their state.
import { badge, h, show, table } from "./dom.js";
import { count, counted, since, time, until } from "./format.js";
import { spark } from "./charts.js";

const place = (id) => document.getElementById(id);
const number = { class: "number" };

export function showInboxes({ inboxes }, minutes) {
  const columns = [
    { title: "Inbox", class: "name" }, { title: "In the folder" }, { title: "Files", ...number }, { title: "Under way", ...number },
    { title: "Accepted", ...number }, { title: "Rejected", ...number }, { title: "Items read, last hour", class: "spark" },
  ];
  show(place("inboxes"), table("Inboxes, and what came in today", columns, inboxes.map((inbox) => ({
    key: inbox.name,
    cells: [
      [h("strong", { title: inbox.folder }, inbox.name), inbox.paused ? [" ", badge("waiting", "paused", "paused")] : null],
      folder(inbox), count(inbox.since.files), quiet(inbox.since.underWay), count(inbox.since.accepted),
      rejected(inbox.since), spark(minutes.map((minute) => minute.read[inbox.name] ?? 0)),
    ],
  }))));
}

/** Those that are left, and how many were dropped again. */
function rejected({ rejected, droppedAgain }) {
  return [quiet(rejected - droppedAgain, "refused"),
    droppedAgain > 0 ? h("span", { class: "quiet", title: "rejected items that were corrected and dropped again" }, ` +${count(droppedAgain)} dropped again`) : null];
}

const standings = { came: "well", waiting: "waiting", late: "waiting", missing: "bad" };

/** What came of the files that should come every day; nothing if none should. */
export function showExpected({ inboxes }) {
  const entries = inboxes.flatMap((inbox) => inbox.expected.map((entry, index) => ({ inbox: inbox.name, key: `${inbox.name} ${index}`, ...entry })));
  place("expected-part").hidden = entries.length === 0;
  const columns = [
    { title: "File", class: "name" }, { title: "Inbox" }, { title: "State", class: "state" }, { title: "Due" }, { title: "Files today", ...number },
    { title: "Alarms today" },
  ];
  show(place("expected"), table("Files that should come today", columns, entries.map((entry) => ({
    key: entry.key,
    cells: [
      h("strong", { title: entry.terms }, entry.match), entry.inbox, badge(standings[entry.state] ?? "unknown", entry.state),
      time(entry.due), quiet(entry.files), alarms(entry),
    ],
  }))));
}

function alarms({ alarms, missingNumbers, missingCount }) {
  const lines = alarms.map((alarm) => h("p", {}, `${time(alarm.at)} ${alarm.kind}: ${alarm.message}`));
  if (missingCount > 0) lines.push(h("p", {}, `numbers missing: ${missingNumbers.slice(0, 10).join(", ")}${missingCount > 10 ? ` … (${count(missingCount)} in all)` : ""}`));
  return lines.length > 0 ? lines : h("span", { class: "quiet" }, "none");
}

function folder({ waiting, unclaimed, unread }) {
  const parts = [];
  if (waiting > 0) parts.push(`${counted(waiting, "file")} arriving`);
  if (unclaimed > 0) parts.push(`${count(unclaimed)} not claimed`);
  if (unread > 0) parts.push(`${count(unread)} to read`);
  return parts.length > 0 ? parts.join(", ") : h("span", { class: "quiet" }, "empty");
}

/** A zero does not need attention. */
function quiet(value, kind) { return h("span", { class: value === 0 ? "quiet" : kind }, count(value)); }

const levels = { delivering: "well", slowed: "waiting", held: "bad", paused: "waiting" };
const words = { delivering: "delivering", slowed: "slowed down", held: "on hold", paused: "paused" };

function word(target) { return target.unreachable ? "can't be reached" : words[target.state] ?? target.state; }

/** `is on hold`, `can't be reached` */
export function targetWord(target) { return target.unreachable ? word(target) : `is ${word(target)}`; }

export function showTargets({ targets }, minutes) {
  const columns = [
    { title: "Target", class: "name" }, { title: "State", class: "state" }, { title: "Items waiting", ...number }, { title: "Oldest waiting for" },
    { title: "Next attempt" }, { title: "Accepted, last hour", class: "spark" },
  ];
  show(place("targets"), table("Targets and their state", columns, targets.map((target) => ({
    key: target.name,
    cells: [
      [h("strong", { title: target.url }, target.name), target.api && target.api !== target.name ? h("span", { class: "quiet" }, ` ${target.api}`) : null],
      [badge(target.unreachable ? "bad" : levels[target.state] ?? "unknown", word(target), target.state === "paused" ? "paused" : undefined),
        target.since ? h("span", { class: "why" }, ` since ${time(target.since)}`) : null,
        target.reason ? h("span", { class: "why" }, ` ${target.reason}`) : null],
      quiet(target.items), target.oldestAt ? since(target.oldestAt) : h("span", { class: "quiet" }, "–"),
      target.until ? until(target.until) : h("span", { class: "quiet" }, "–"),
      spark(minutes.map((minute) => minute.accepted[target.name] ?? 0)),
    ],
  }))));
}

/** Who is notified of what happens; nothing if nobody is. */
export function showReceivers({ receivers }) {
  place("receivers-part").hidden = receivers.length === 0;
  const columns = [
    { title: "Receiver", class: "name" }, { title: "State", class: "state" }, { title: "Notices waiting", ...number }, { title: "Lost", ...number },
    { title: "Last failure" },
  ];
  show(place("receivers"), table("Receivers of notices, and their state", columns, receivers.map((receiver) => ({
    key: receiver.name,
    cells: [
      h("strong", {}, receiver.name),
      [receiver.failure ? badge("bad", "failing", "rejected") : receiver.waiting > 0 ? badge("busy", "sending", "underway") : badge("well", "all sent"),
        receiver.failure ? h("span", { class: "why" }, ` ${receiver.failingSince ? `since ${time(receiver.failingSince)}: ` : ""}${receiver.failure}`) : null],
      quiet(receiver.waiting), quiet(receiver.dropped, "refused"),
      receiver.failedAt ? time(receiver.failedAt) : h("span", { class: "quiet" }, "–"),
    ],
  }))));
}
