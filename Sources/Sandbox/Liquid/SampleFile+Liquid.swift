import APIs
import Core

extension SampleFile {
  /// Liquid's own form: an array of items with headers and data.
  ///
  /// The last item has the field that upsertd was configured to require, and lacks the one that the API requires for a
  /// contact.
  package static let accounts = SampleFile(
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

  /// An export whose column names are the fields themselves; the inbox fills in the headers.
  package static let export = SampleFile(
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

  // Postal codes that would lose their leading zero as numbers.
  private static let cities: [(name: String, postalCode: String)] = [
    ("Boston", "02108"), ("Newark", "07102"), ("Hartford", "06103"), ("Portland", "04101"), ("Concord", "03301"),
  ]
}
