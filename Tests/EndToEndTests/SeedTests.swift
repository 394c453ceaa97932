import Testing
import TestKit

/// The examples in the two APIs' own documents, dropped unchanged.
@Suite struct `The APIs' own examples` {
  @Test func `the LUSID request body arrives byte for byte`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url, target: ["schema: seed"])) { world in
      try world.drop("body.json", in: "investors", "{\(Self.first),\(Self.second)}")
      try await world.workOff()
      try world.checkResults("investors", files: 1)
      #expect(try world.receipt("investors").accepted == 2)
      let request = try #require(api.requests.first)
      #expect(api.requests.count == 1)
      #expect(request.method == "POST")
      #expect(request.path == "/api/investorrecords/$batchUpsert?successMode=Partial")
      #expect(request.headers["content-type"] == "application/json")
      #expect(request.headers["x-lusid-application"] == "upsertd")
      #expect(request.headers["correlationid"] != nil)
      #expect(request.text.contains(Self.first))
      #expect(request.text.contains(Self.second))
      #expect(request.requestIDs == ["firstExampleRequest", "secondExampleRequest"])
    }
    await api.stop()
  }

  @Test func `the Liquid array arrives byte for byte`() async throws {
    let api = try LoopbackServer { .liquid($0) }
    try await withWorld(.liquid(api.url)) { world in
      try world.drop("items.json", in: "accounts", "[\n    \(Self.account)\n]\n")
      try await world.workOff()
      try world.checkResults("accounts", files: 1)
      #expect(try world.receipt("accounts").accepted == 1)
      let request = try #require(api.requests.first)
      #expect(api.requests.count == 1)
      #expect(request.path == "/ls/api/items/upsert")
      #expect(request.text.contains(Self.account))
      #expect(request.headers["authorization"] == "Bearer secret-token")
    }
    await api.stop()
  }

  @Test func `numbers, escapes, key order and unknown members pass through`() async throws {
    let item = #"""
      {"zeta" : 12345678901234567.10, "headers":{"type":"Account", "category":"entity","action":"Merge","x":1e400},
       "data": {"b":-0.0,"accountId":"\u0041\/\ud83d\ude00","a":[ ],"n":null , "big":1E+2, "dup":1, "dup":2} }
      """#
    let api = try LoopbackServer { .liquid($0) }
    try await withWorld(.liquid(api.url)) { world in
      try world.drop("items.json", in: "accounts", " [ \(item) ] ")
      try await world.workOff()
      try world.checkResults("accounts", files: 1)
      #expect(api.requests.first?.text.contains(item) == true)
    }
    await api.stop()
  }

  private static let first =
    #""firstExampleRequest":{"identifiers":{"InvestorRecord/ExternalIdentifier/ExternalIRId":{"key":"InvestorRecord/ExternalIdentifier/ExternalIRId","value":{"labelValue":"IR_12345678"}},"InvestorRecord/InternalIdentifier/InternalIRId":{"key":"InvestorRecord/InternalIdentifier/InternalIRId","value":{"labelValue":"Internal_XHSP2038"}}},"properties":{"InvestorRecord/Details/Name":{"key":"InvestorRecord/Details/Name","value":{"labelValue":"John Doe"}},"InvestorRecord/Details/Country":{"key":"InvestorRecord/Details/Country","value":{"labelValue":"United Kingdom"},"effectiveFrom":"2016-01-01T00:00:00.0000000+00:00"}},"displayName":"InvestorRecord1DisplayName","description":"InvestorRecord1Description","investor":{"investorType":"Person","investorIdentifiers":{"Person/HrSystem1/InternalId":{"key":"Person/HrSystem1/InternalId","value":{"labelValue":"XY10001111"}}}}}"#
  private static let second =
    #""secondExampleRequest":{"identifiers":{"InvestorRecord/ExternalIdentifier/ExternalIRId":{"key":"InvestorRecord/ExternalIdentifier/ExternalIRId","value":{"labelValue":"IR_22345678"}},"InvestorRecord/InternalIdentifier/InternalIRId":{"key":"InvestorRecord/InternalIdentifier/InternalIRId","value":{"labelValue":"Internal_XHSP2039"}}},"properties":{"InvestorRecord/Details/Name":{"key":"InvestorRecord/Details/Name","value":{"labelValue":"Jane Doe"}},"InvestorRecord/Details/Country":{"key":"InvestorRecord/Details/Country","value":{"labelValue":"Germany"},"effectiveFrom":"2016-01-01T00:00:00.0000000+00:00"}},"displayName":"InvestorRecord2DisplayName","description":"InvestorRecord2Description","investor":{"investorType":"LegalEntity","investorIdentifiers":{"LegalEntity/ExternalIdentifier/LEI":{"key":"LegalEntity/ExternalIdentifier/LEI","value":{"labelValue":"LEI_12345678"}}}}}"#
  private static let account = #"""
    {
            "headers": {
                "category": "entity",
                "type": "Account",
                "action":"Create"
            },
            "data": {
                "accountClass": "/Account/accountClass[invoiced]",
                "accountFamily": "/Account/accountFamily[]/group[]",
                "accountId": "ABC123",
                "accountNumber": "ABC123",
                "accountType": "",
                "chain": "",
                "channel": "20",
                "currency": "USD",
                "distributionPoint": "",
                "name": "EXAMPLE CUSTOMER #1",
                "orgPath": "",
                "paymentTerms": "CCOD",
                "riskCategory": "",
                "salesOffice": "",
                "storeId": "",
                "userId": "",
                "exposure": 0.0,
                "limit": 0.0,
                "creditBlock": true,
                "overallBlock": false,
                "accountLicenseInformation": [
                    {
                        "licenseNumber": "TEST SAMPLES",
                        "licenseValidFrom": "2014-02-01T05:00:00+0000",
                        "licenseValidTo": "2015-02-28T05:00:00+0000",
                        "licenseType": "7"
                    }
                ],
                "addresses": [
                    {
                        "name": "EXAMPLE CUSTOMER #1",
                        "city": "STORYBROOK",
                        "postalCode": "12345",
                        "region": "ME",
                        "addressLine1": "1 FAIRY TALE BLVD",
                        "country": "US",
                        "addressType": "Work",
                        "addressLine2": "",
                        "addressLine3": "",
                        "addressNote": "",
                        "primary": true
                    }
                ],
                "deliveryDays": [
                    "Thu"
                ],
                "phones": [
                    {
                        "phoneNumber": "2223334455",
                        "phoneCountryCode": "1",
                        "phoneType": "office"
                    }
                ]
            }
        }
    """#
}
