internal import APIs
internal import Core
internal import Dispatch
internal import Engine
internal import Formats
internal import Logging
internal import Runtime
package import Settings
package import Spool
internal import Telemetry

/// Claims the ready files of one inbox: gives them ids and places, and moves them into `work/`.
struct Claimer: Sendable {
  let inbox: Inbox
  let folders: InboxFolders
  let context: Intake.Context
  /// The inbox's own queue, for blocking calls.
  let queue: DispatchQueue
  let logger: Logger

  static let smallBytes: Int64 = 64 << 10
  private static let mostFiles = 100
  private static let mostBytes: Int64 = 1 << 20

  /// The files that can be taken together: the first, whatever its size, or the run of small ones at the start.
  func smallFiles(atStartOf files: ArraySlice<ReadyFile>) -> ArraySlice<ReadyFile> {
    var bytes: Int64 = 0
    let small = files.prefix(Self.mostFiles).prefix { file in
      // A compressed file may have large content.
      guard file.size <= Self.smallBytes, inbox.fileType(of: file.name.bytes)?.isGzipped != true else { return false }
      bytes += file.size
      return bytes <= Self.mostBytes
    }
    return small.isEmpty ? files.prefix(1) : small
  }

  /// The targets that a file of this name may be for.
  func targets(of name: FileName) -> Set<String> {
    inbox.route(for: name.bytes).map { RouteTargets($0, settings: context.settings).targetNames } ?? []
  }

  /// The targets at which a file of this name holds others up until it is read: none if it has its place only once it
  /// is released.
  func awaitedTargets(of name: FileName) -> Set<String> { inbox.waitsForRelease ? [] : targets(of: name) }

  /// - Throws: if it can't be determined whether there is room.
  func room(for files: [ReadyFile]) async throws -> AdmissionControl.Answer {
    var needs: [(size: Int, need: SpaceEstimate)] = []
    for file in files { needs.append((Int(file.size), await need(of: file))) }
    return try await context.admission.room(for: needs)
  }

  private func need(of file: ReadyFile) async -> SpaceEstimate {
    guard inbox.fileType(of: file.name.bytes)?.isGzipped == true else {
      return SpaceEstimate(file, unpacked: nil, of: inbox, settings: context.settings)
    }
    return await queue.run { [folders, inbox, context] in
      SpaceEstimate(file, in: folders, of: inbox, settings: context.settings)
    }
  }

  /// A file's id from its claim on, and why it is unusable, if that is known by then.
  struct Place: Sendable {
    var id: FileID
    var verdict: FileFault?
  }

  /// Gives ids to files that are about to be claimed.
  ///
  /// - Parameter room: the answer for these files.
  func places(for files: [ReadyFile], _ room: AdmissionControl.Answer) async -> [Place] {
    let verdicts = files.enumerated().map { place, file in
      room.tooLarge[place].map { FileFault(.tooLarge, $0) }
        ?? FileReading.verdict(
          name: file.name.bytes, size: Int(file.size), inbox: inbox, settings: context.settings)
    }
    // An unusable file must not keep others waiting.
    let targets = zip(files, verdicts).map { $1 == nil ? awaitedTargets(of: $0.name) : [] }
    let ids = await context.publisher.claim(
      zip(files, targets).map { (ExpectedFiles.Arrival($0), $1) }, in: inbox.name,
      isOrdered: inbox.ordering != .none)
    return zip(ids, verdicts).map { Place(id: $0, verdict: $1) }
  }

  /// - Returns: the claims, in order, and files that are in `work/` although their claim failed: they keep their
  ///   places.
  func claim(
    _ files: [ReadyFile], _ places: [Place], _ room: AdmissionControl.Answer
  ) async -> (claims: [Claim], halfClaimed: [(file: WorkFile, error: InboxError)]) {
    let (results, owners) = await queue.run { [folders] in
      let results = folders.claim(zip(files, places).map { ($0, $1.id) })
      return (results, UserID.names(of: results.compactMap { try? $0.get()?.owner }))
    }
    let (now, wall) = (context.now(), Timestamp.now)
    var claims: [Claim] = []
    var failed: [FileID: InboxError] = [:]
    var gone: Set<FileID> = []
    for (place, result) in results.enumerated() {
      switch result {
      case .success(let file?):
        logger.info(
          "file is claimed",
          metadata: ["file": "\(file.id)", "name": "\(file.name.display)", "bytes": .number(Int(file.size))])
        let new = NewFile(
          id: file.id, inbox: inbox.name, name: file.name.bytes, owner: owners[file.owner], receivedAt: wall,
          claimedAt: now)
        claims.append(
          Claim(claimed: file, file: new, verdict: places[place].verdict, reservation: room.reservations[place]))
        continue
      case .success(nil): break
      case .failure(let error):
        logger.error(
          "can't claim the file", metadata: ["name": "\(files[place].name.display)", "reason": "\(error)"])
        failed[places[place].id] = error
      }
      room.reservations[place].end()
      gone.insert(places[place].id)
    }
    // A claim that failed half-way may have left its file in work/.
    var halfClaimed: [(file: WorkFile, error: InboxError)] = []
    if !failed.isEmpty {
      let work = (try? await queue.run { [folders] in try folders.workFiles() }) ?? []
      for file in work { if let error = failed[file.id] { halfClaimed.append((file, error)) } }
    }
    gone.subtract(halfClaimed.map(\.file.id))
    if !gone.isEmpty { await context.publisher.left(gone.sorted()) }
    return (claims, halfClaimed)
  }
}

extension ExpectedFiles.Arrival {
  init(_ file: ReadyFile) { self.init(name: file.name.bytes, at: file.readySince) }
}

extension SpaceEstimate {
  /// The same, but asks a gzip for its size. Blocks.
  package init(_ file: ReadyFile, in folders: InboxFolders, of inbox: Inbox, settings: Settings) {
    let isGzipped = inbox.fileType(of: file.name.bytes)?.isGzipped == true
    self.init(
      file, unpacked: isGzipped ? folders.unpackedSize(of: file) ?? Int(file.size) : nil, of: inbox,
      settings: settings)
  }

  /// What a file in `inbox/` would take; nothing if its name or size makes it unusable.
  ///
  /// - Parameter unpacked: the content size according to the gzip.
  package init(_ file: ReadyFile, unpacked: Int?, of inbox: Inbox, settings: Settings) {
    let size = Int(file.size)
    guard FileReading.verdict(name: file.name.bytes, size: size, inbox: inbox, settings: settings) == nil,
      let type = inbox.fileType(of: file.name.bytes)
    else {
      self = .none
      return
    }
    let (most, isOver) = size.multipliedReportingOverflow(by: settings.limits.maxGzipRatio)
    self.init(
      size: size, unpacked: unpacked.map { min($0, isOver ? .max : most, settings.limits.maxFileBytes) },
      staysInFile: type.keepsItemText)
  }
}

extension UserID {
  /// Each user is looked up once.
  fileprivate static func names(of users: [UserID]) -> [UserID: String] {
    users.reduce(into: [:]) { names, user in if names[user] == nil { names[user] = user.name } }
  }
}
