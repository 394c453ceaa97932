import APIs
import Sandbox
import Testing

@Suite struct TokenTests {
  static let endpoints = ["/oauth2/token", "/ls/api/oauth2/token"]

  @Test(arguments: endpoints) func `a password buys a token and a refresh token`(_ path: String) async throws {
    try await withSandbox(SandboxOptions(tokenLifetime: .seconds(90))) { sandbox, client in
      // The LUSID SDK sends the spaces of the scope as they are.
      let answer = try await client.form(
        path, "grant_type=password&username=u&password=a%26b+c&scope=openid client groups&client_id=c&client_secret=s")
      #expect(answer.status == 200)
      #expect(answer.object["expires_in"] as? Int == 90)
      #expect(answer.object["token_type"] as? String == "Bearer")
      #expect((answer.object["access_token"] as? String)?.isEmpty == false)
      #expect((answer.object["refresh_token"] as? String)?.isEmpty == false)
      #expect(sandbox.stats.lusid.tokens + sandbox.stats.liquid.tokens == 1)
    }
  }

  @Test(arguments: endpoints) func `the password wrong is refused with an OAuth error`(_ path: String) async throws {
    try await withSandbox { sandbox, client in
      let answer = try await client.form(path, "grant_type=password&username=u&password=wrong&client_id=c")
      #expect(answer.status == 400)
      #expect(answer.object["error"] as? String == "invalid_grant")
      #expect(answer.object["error_description"] != nil)
      #expect(sandbox.stats.lusid.tokens + sandbox.stats.liquid.tokens == 0)
    }
  }

  @Test(arguments: [
    ("grant_type=password&username=u", "invalid_request", 400), ("username=u&password=p", "invalid_request", 400),
    ("grant_type=magic", "unsupported_grant_type", 400),
    ("grant_type=refresh_token&refresh_token=x", "invalid_client", 401),
    ("grant_type=client_credentials", "invalid_client", 401),
    ("grant_type=client_credentials&client_id=c&client_secret=wrong", "invalid_client", 401),
  ])
  func `a form without what its grant needs is refused`(_ form: String, _ error: String, _ status: Int) async throws {
    try await withSandbox { _, client in
      let answer = try await client.form("/oauth2/token", form)
      #expect(answer.status == status)
      #expect(answer.object["error"] as? String == error)
    }
  }

  @Test func `client credentials buy a token too`() async throws {
    try await withSandbox { _, client in
      let answer = try await client.form(
        "/oauth2/token", "grant_type=client_credentials", ["Authorization": "Basic Yzpz"])
      #expect(answer.status == 200)
    }
  }

  @Test func `a refresh token is good once and gives a working access token`() async throws {
    try await withSandbox { _, client in
      let first = try await client.form("/oauth2/token", "grant_type=password&username=u&password=p")
      let refresh = try #require(first.object["refresh_token"] as? String)
      let form = "grant_type=refresh_token&refresh_token=\(refresh)"
      let second = try await client.form("/oauth2/token", form, ["Authorization": "Basic Yzpz"])
      let token = try #require(second.object["access_token"] as? String)
      #expect(token != first.object["access_token"] as? String)
      let answer = try await client.upsertRecords("{}", token: token)
      #expect(answer.status == 201)
      let third = try await client.form("/oauth2/token", form, ["Authorization": "Basic Yzpz"])
      #expect(third.status == 400)
      // The LUSID SDK falls back to the password when it reads these words.
      let words = try #require(third.object["error_description"] as? String)
      #expect(words.contains("refresh token is invalid or expired"))
    }
  }

  @Test func `requests without a good token get a 401`() async throws {
    try await withSandbox { sandbox, client in
      let unknown = try await client.upsertRecords("{}", token: "sandbox.nobody")
      #expect(unknown.status == 401)
      #expect(unknown.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
      #expect(unknown.object["code"] as? Int == 187)
      let none = try await client.send("POST", "/ls/api/items/upsert", ["Content-Type": "application/json"], "[]")
      #expect(none.status == 401)
      // A token of the one API is nothing to the other.
      let lusid = try await client.token("/oauth2/token")
      let crossed = try await client.upsertItems("[]", token: lusid)
      #expect(crossed.status == 401)
      #expect(sandbox.stats.lusid.unauthorized == 1)
      #expect(sandbox.stats.liquid.unauthorized == 2)
    }
  }

  @Test func `a token whose time has passed gets a 401`() async throws {
    try await withSandbox(SandboxOptions(tokenLifetime: .zero)) { _, client in
      let answer = try await client.upsertRecords("{}")
      #expect(answer.status == 401)
    }
  }

  @Test func `revoked tokens get a 401 and new ones work`() async throws {
    try await withSandbox { sandbox, client in
      let token = try await client.token("/ls/api/oauth2/token")
      let before = try await client.get("/ls/api/oauth2/validate", ["Authorization": "Bearer \(token)"])
      #expect(before.status == 200)
      sandbox.revokeTokens()
      let after = try await client.get("/ls/api/oauth2/validate", ["Authorization": "Bearer \(token)"])
      #expect(after.status == 401)
      let again = try await client.upsertItems("[]")
      #expect(again.status == 200)
    }
  }
}
