/// The examples of the two APIs' own documentation, word for word.
enum Examples {
  /// The request body of the LUSID SDK's page on UpsertInvestorRecords (the seed's schema).
  static let lusidBody = #"""
    {"firstExampleRequest":{"identifiers":{"InvestorRecord/ExternalIdentifier/ExternalIRId":{"key":"InvestorRecord/ExternalIdentifier/ExternalIRId","value":{"labelValue":"IR_12345678"}},"InvestorRecord/InternalIdentifier/InternalIRId":{"key":"InvestorRecord/InternalIdentifier/InternalIRId","value":{"labelValue":"Internal_XHSP2038"}}},"properties":{"InvestorRecord/Details/Name":{"key":"InvestorRecord/Details/Name","value":{"labelValue":"John Doe"}},"InvestorRecord/Details/Country":{"key":"InvestorRecord/Details/Country","value":{"labelValue":"United Kingdom"},"effectiveFrom":"2016-01-01T00:00:00.0000000+00:00"}},"displayName":"InvestorRecord1DisplayName","description":"InvestorRecord1Description","investor":{"investorType":"Person","investorIdentifiers":{"Person/HrSystem1/InternalId":{"key":"Person/HrSystem1/InternalId","value":{"labelValue":"XY10001111"}}}}},"secondExampleRequest":{"identifiers":{"InvestorRecord/ExternalIdentifier/ExternalIRId":{"key":"InvestorRecord/ExternalIdentifier/ExternalIRId","value":{"labelValue":"IR_22345678"}},"InvestorRecord/InternalIdentifier/InternalIRId":{"key":"InvestorRecord/InternalIdentifier/InternalIRId","value":{"labelValue":"Internal_XHSP2039"}}},"properties":{"InvestorRecord/Details/Name":{"key":"InvestorRecord/Details/Name","value":{"labelValue":"Jane Doe"}},"InvestorRecord/Details/Country":{"key":"InvestorRecord/Details/Country","value":{"labelValue":"Germany"},"effectiveFrom":"2016-01-01T00:00:00.0000000+00:00"}},"displayName":"InvestorRecord2DisplayName","description":"InvestorRecord2Description","investor":{"investorType":"LegalEntity","investorIdentifiers":{"LegalEntity/ExternalIdentifier/LEI":{"key":"LegalEntity/ExternalIdentifier/LEI","value":{"labelValue":"LEI_12345678"}}}}}}
    """#

  /// The item of Liquid Analytics' page on the upsert API.
  static let liquidItem = #"""
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
