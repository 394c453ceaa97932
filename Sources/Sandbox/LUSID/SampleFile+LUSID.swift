import APIs
import Core

extension SampleFile {
  /// LUSID's request body, in the form shown in its documentation.
  ///
  /// The last request passes upsertd's checks but is rejected by the API: only its newer schema has nominees.
  package static let onboarding = SampleFile(
    name: "onboarding.json", inbox: "investors", api: .lusid, what: "LUSID's own form: 4 items, 2 bad",
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

  /// A transfer agent's export, with its own column names; `mapping` explains them.
  package static let transferAgent = SampleFile(
    name: "transfer-agent.csv", inbox: "investors", api: .lusid, what: "600 investor records, 5 bad",
    rows: 600, header: "Investor Ref,Name,Type,Country,Since,Commitment,Currency,Note",
    row: { number in
      let country = countries[number % countries.count]
      let day = twoDigits(number % 28 + 1), month = twoDigits(number / 7 % 12 + 1)
      return [
        "TA-\(100_000 + number)", number % 5 == 0 ? firm(number) : person(number), number % 5 == 0 ? "C" : "P",
        country.name, "\(day)/\(month)/\(2008 + number % 17)",
        "\((number * 7919 % 900 + 100) * 1000).\(twoDigits(number % 100))",
        country.currency, "",
      ].joined(separator: ",")
    },
    bad: [
      (58, "TA-100058,,P,Portugal,14/03/2016,250000.00,EUR,", .missingField, ("100058,,", "100058,Inês Duarte,")),
      (141, "TA-100141,Liam Byrne,P,Ireland,02/11/2019,1.250.000,EUR,", .invalidValue, ("1.250.000", "1250000")),
      (263, "TA-100263,Mei Tanaka,P,Japan,31/02/2019,410000.00,JPY,", .invalidValue, ("31/02", "28/02")),
      (
        377, "TA-100377,Okafor, Sons & Co,C,Nigeria,09/06/2021,975000.00,USD,", .wrongColumnCount,
        ("Okafor, Sons & Co", "\"Okafor, Sons & Co\"")
      ),
      // The sandbox takes this as a request to answer the whole batch with 400.
      (
        455, "TA-100455,Sofia Rossi,P,Italy,17/09/2020,330000.00,EUR,sandbox: malformed", .badRequest,
        ("sandbox: malformed", "")
      ),
    ])

  /// The field that each of the transfer agent's columns fills.
  static let mapping = """
    columns:
      "Investor Ref": identifiers.InvestorRecord/ExternalIdentifier/ExternalIRId
      "Name":         [displayName, properties.InvestorRecord/Details/Name]
      "Type":         {to: investor.investorType, values: {P: Person, C: LegalEntity}}
      "Country":      properties.InvestorRecord/Details/Country
      "Since":        {to: properties.InvestorRecord/Details/Country.effectiveFrom, date: "dd/MM/yyyy"}
      "Commitment":   {to: properties.InvestorRecord/Details/Commitment, type: number}
      "Currency":     properties.InvestorRecord/Details/Commitment.unit
      "Note":         description
    constants:
      scope: TransferAgent

    """

  private static let countries: [(name: String, currency: String)] = [
    ("Germany", "EUR"), ("United Kingdom", "GBP"), ("France", "EUR"), ("Norway", "NOK"), ("Poland", "PLN"),
    ("Switzerland", "CHF"), ("Spain", "EUR"), ("Ireland", "EUR"),
  ]
}
