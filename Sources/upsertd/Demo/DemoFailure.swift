/// Something that went differently than the demo says it should.
struct DemoFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
