import Testing
@testable import Operations

@Suite struct `Who may read the admin address` {
  private func isAnswered(_ host: String, listening address: String, fetchSite: String? = nil, isLink: Bool = false)
    -> Bool
  {
    let access = AdminAccess(listeningOn: address)
    let caller = AdminAccess.Caller(
      host: host, fetchSite: fetchSite, fetchMode: isLink ? "navigate" : "cors",
      fetchDestination: isLink ? "document" : "empty")
    return access.refusal(of: caller, isPage: isLink) == nil
  }

  @Test(arguments: ["localhost", "LocalHost:9187", "127.0.0.1:1", "[::1]:9187", "10.0.0.5", "10.0.0.5:9187"])
  func `the configured address and loopback names are answered`(_ host: String) {
    #expect(isAnswered(host, listening: "10.0.0.5"))
  }

  @Test(arguments: ["", "evil.example", "10.0.0.5.evil.example", "10.0.0.6", "[::2]", "localhost.", "127.0.0.1:80:90"])
  func `other names are not`(_ host: String) {
    #expect(!isAnswered(host, listening: "10.0.0.5"))
  }

  @Test func `on all addresses each is answered, and no name that somebody else could make`() {
    for address in ["0.0.0.0", "::"] {
      #expect(isAnswered("192.0.2.7:9187", listening: address))
      #expect(isAnswered("[2001:db8::7]:9187", listening: address))
      #expect(!isAnswered("evil.example", listening: address))
      #expect(!isAnswered("192.0.2.7.evil.example", listening: address))
    }
  }

  @Test func `pages of other sites are refused, links to the page are not`() {
    for site in ["cross-site", "same-site"] {
      #expect(!isAnswered("localhost", listening: "127.0.0.1", fetchSite: site))
      #expect(isAnswered("localhost", listening: "127.0.0.1", fetchSite: site, isLink: true))
    }
    for site in ["same-origin", "none"] { #expect(isAnswered("localhost", listening: "127.0.0.1", fetchSite: site)) }
  }
}
