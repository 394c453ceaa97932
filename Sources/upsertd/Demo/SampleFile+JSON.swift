internal import Delivery

extension SampleFile {
  /// LUSID's request body, in the form that its documentation shows.
  ///
  /// The last request is right by upsertd's checks and refused by the API: only its newer schema has nominees.
  static let onboarding = SampleFile(
    name: "onboarding.json", inbox: "investors", api: .lusid, what: "LUSID's own form: 4 records, 2 bad",
    text: """
      {
        "onboarding-1": {
          "identifiers": {
            "InvestorRecord/ExternalIdentifier/ExternalIRId": {
              "key": "InvestorRecord/ExternalIdentifier/ExternalIRId", "value": {"labelValue": "IR_12345678"}},
            "InvestorRecord/InternalIdentifier/InternalIRId": {
              "key": "InvestorRecord/InternalIdentifier/InternalIRId", "value": {"labelValue": "Internal_XHSP2038"}}
          },
          "properties": {
            "InvestorRecord/Details/Country": {
              "key": "InvestorRecord/Details/Country", "value": {"labelValue": "United Kingdom"},
              "effectiveFrom": "2016-01-01T00:00:00.0000000+00:00"},
            "InvestorRecord/Details/Commitment": {
              "key": "InvestorRecord/Details/Commitment",
              "value": {"metricValue": {"value": 12345678901234567.10, "unit": "GBP"}}}
          },
          "displayName": "John Doe",
          "description": "Private client",
          "investor": {
            "investorType": "Person",
            "investorIdentifiers": {
              "Person/HrSystem1/InternalId": {
                "key": "Person/HrSystem1/InternalId", "value": {"labelValue": "XY10001111"}}
            }
          }
        },
        "onboarding-2": {
          "identifiers": {
            "InvestorRecord/ExternalIdentifier/ExternalIRId": {
              "key": "InvestorRecord/ExternalIdentifier/ExternalIRId", "value": {"labelValue": "IR_22345678"}}
          },
          "displayName": "Brandt & S\\u00f6hne GmbH",
          "investor": {
            "investorType": "LegalEntity",
            "investorIdentifiers": {
              "LegalEntity/ExternalIdentifier/LEI": {
                "key": "LegalEntity/ExternalIdentifier/LEI", "value": {"labelValue": "529900T8BM49AURSDO55"}}
            }
          }
        },
        "onboarding-3": {
          "identifiers": {
            "InvestorRecord/ExternalIdentifier/ExternalIRId": {
              "key": "InvestorRecord/ExternalIdentifier/ExternalIRId", "value": {"labelValue": "IR_32345678"}}
          },
          "description": "Nobody typed in the name",
          "investor": {"investorType": "Person", "investorIdentifiers": {}}
        },
        "onboarding-4": {
          "identifiers": {
            "InvestorRecord/ExternalIdentifier/ExternalIRId": {
              "key": "InvestorRecord/ExternalIdentifier/ExternalIRId", "value": {"labelValue": "IR_42345678"}}
          },
          "displayName": "Harbour Nominees Ltd",
          "investor": {"investorType": "Nominee", "investorIdentifiers": {}}
        }
      }

      """,
    items: 4,
    faults: [Fault(item: 3, code: .missingField), Fault(item: 4, code: .rejectedByAPI)])

  /// Liquid's own form: an array of items with headers and data.
  ///
  /// The last item has the field that upsertd was told to look for, and lacks the one that the API wants for a contact.
  static let accounts = SampleFile(
    name: "accounts.json", inbox: "accounts", api: .liquid, what: "Liquid's own form: 5 items, 2 bad",
    text: """
      [
        {
          "headers": {"category": "entity", "type": "Account", "action": "Create"},
          "data": {
            "accountId": "ABC123", "name": "EXAMPLE CUSTOMER #1", "currency": "USD", "paymentTerms": "CCOD",
            "exposure": 98765432109876543.20, "creditBlock": true,
            "addresses": [
              {"addressLine1": "1 FAIRY TALE BLVD", "city": "STORYBROOK", "region": "ME", "postalCode": "04012",
               "country": "US", "addressType": "Work", "primary": true}],
            "deliveryDays": ["Thu"],
            "phones": [{"phoneNumber": "2223334455", "phoneCountryCode": "1", "phoneType": "office"}]
          }
        },
        {
          "headers": {"category": "entity", "type": "Account", "action": "Merge"},
          "data": {"accountId": "ABC124", "name": "EXAMPLE CUSTOMER #2", "deliveryDays": ["Mon", "Thu"]}
        },
        {
          "headers": {"category": "entity", "type": "Account", "action": "Delete"},
          "data": {"accountId": "ABC100"}
        },
        {
          "headers": {"category": "entity", "type": "Account", "action": "Upsert"},
          "data": {"accountId": "ABC125", "name": "EXAMPLE CUSTOMER #3"}
        },
        {
          "headers": {"category": "entity", "type": "Contact", "action": "Create"},
          "data": {"name": "Buyer of customer #1", "accountId": "ABC123"}
        }
      ]

      """,
    items: 5,
    faults: [Fault(item: 4, code: .invalidValue), Fault(item: 5, code: .rejectedByAPI)])
}
