import Calendar
import Core
import Testing

/// A moment, written as in RFC 3339.
func at(_ text: String) throws -> Timestamp { try #require(Timestamp(written: text), "\(text)") }

/// A local time, written `2026-03-29 01:30`.
func local(_ text: String) throws -> LocalTime { LocalTime(milliseconds: try at(text).milliseconds) }

func date(_ text: String) throws -> CivilDate { try local(text).date }
