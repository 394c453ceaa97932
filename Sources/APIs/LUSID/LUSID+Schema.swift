package import Settings

extension LUSID {
  package var schema: ConfigurationSchema {
    ConfigurationSchema(
      target: [
        "schema": """
        {"description": "LUSID's investor records: current (SDK from 2.1.930), seed (2.1.781 to 2.1.881).",
         "anyOf": [{"enum": ["current", "seed"]}, {"$ref": "#/$defs/fromEnvironment"}], "default": "current"}
        """
      ],
      auth: ["secrets_file": ##"{"description": "The LUSID SDK's own file.", "$ref": "#/$defs/text"}"##])
  }
}
