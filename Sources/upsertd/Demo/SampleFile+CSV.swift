internal import Delivery

extension SampleFile {
  /// A transfer agent's export, with its own column names; `mapping` says what they mean.
  static let transferAgent = SampleFile(
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
      // What the sandbox takes for a request to answer 400 to the whole batch.
      (
        455, "TA-100455,Sofia Rossi,P,Italy,17/09/2020,330000.00,EUR,sandbox: malformed", .badRequest,
        ("sandbox: malformed", "")
      ),
    ])

  /// Which field each of the transfer agent's columns fills.
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

  /// An export whose column names are the fields themselves; the inbox fills in the headers.
  static let export = SampleFile(
    name: "erp-export.csv", inbox: "accounts", api: .liquid, what: "300 accounts, 2 bad",
    rows: 300,
    header:
      "accountId,name,exposure:number,creditBlock:boolean,deliveryDays:list,addresses[0].city,addresses[0].postalCode",
    row: { number in
      let city = cities[number % cities.count]
      return [
        "ERP-\(70_000 + number)", firm(number), "\(number * 131 % 90_000).\(twoDigits(number * 3 % 100))",
        number % 40 == 0 ? "true" : "false", number % 2 == 0 ? "Mon;Thu" : "Wed", city.name, city.postalCode,
      ].joined(separator: ",")
    },
    bad: [
      (77, "ERP-70077,Fjord Trading,\"12.500,00\",false,Wed,Boston,02108", .invalidValue, nil),
      (211, ",Castle Goods,310.00,false,Wed,Austin,73301", .missingField, nil),
    ])

  private init(
    name: String, inbox: String, api: APIKind, what: String, rows: Int, header: String, row: (Int) -> String,
    bad: [(item: Int, row: String, code: RejectCode, correction: (bad: String, good: String)?)]
  ) {
    var lines = [header] + (1...rows).map(row)
    for fault in bad { lines[fault.item] = fault.row }
    self.init(
      name: name, inbox: inbox, api: api, what: what, text: lines.joined(separator: "\n") + "\n", items: rows,
      faults: bad.map { Fault(item: $0.item, code: $0.code, correction: $0.correction) })
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static func person(_ number: Int) -> String {
    firstNames[number % firstNames.count] + " " + lastNames[number / 3 % lastNames.count]
  }

  private static func firm(_ number: Int) -> String {
    // Quoted: the comma belongs to the name.
    number % 15 == 0
      ? "\"\(lastNames[number % lastNames.count]), \(lastNames[number / 2 % lastNames.count]) & Co\""
      : lastNames[number % lastNames.count] + " " + trades[number / 5 % trades.count]
  }

  private static let firstNames = [
    "Ada", "Bruno", "Chiara", "David", "Elif", "Farid", "Grace", "Hugo", "Ingrid", "João", "Kofi", "Léa", "Marta",
    "Nils", "Olga", "Priya", "Quentin", "Rosa", "Samuel",
  ]
  private static let lastNames = [
    "Andersson", "Brandt", "Castillo", "Dubois", "Eriksen", "Fischer", "Greco", "Haddad", "Ivanova", "Jensen",
    "Kowalski", "Lindqvist", "Moreau", "Novák", "Okafor", "Petrov", "Quiroga",
  ]
  private static let trades = ["Capital", "Partners", "Foods", "Logistics", "Holdings", "Wholesale", "Marine"]
  private static let countries: [(name: String, currency: String)] = [
    ("Germany", "EUR"), ("United Kingdom", "GBP"), ("France", "EUR"), ("Norway", "NOK"), ("Poland", "PLN"),
    ("Switzerland", "CHF"), ("Spain", "EUR"), ("Ireland", "EUR"),
  ]
  // Postal codes that would lose their zero as numbers.
  private static let cities: [(name: String, postalCode: String)] = [
    ("Boston", "02108"), ("Newark", "07102"), ("Hartford", "06103"), ("Portland", "04101"), ("Concord", "03301"),
  ]
}
