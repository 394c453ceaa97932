package import Settings

extension Liquid {
  package var schema: ConfigurationSchema {
    ConfigurationSchema(
      auth: ["community": ##"{"description": "Liquid: becomes the scope.", "$ref": "#/$defs/text"}"##],
      route: [
        "item": """
        {"description": "Liquid: fills in headers that an item lacks.", "type": "object", "minProperties": 1,
         "additionalProperties": false,
         "properties": {
           "category": {"$ref": "#/$defs/text"}, "type": {"$ref": "#/$defs/text"},
           "action": {"anyOf": [{"enum": ["Create", "Merge", "Update", "Delete"]}, {"$ref": "#/$defs/fromEnvironment"}]},
           "key": {"description": "The fields of data that tell items apart.", "anyOf": [
             {"$ref": "#/$defs/text"},
             {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"$ref": "#/$defs/text"}}]}}}
        """
      ],
      whole: """
        {"required": ["url", "auth"],
         "properties": {"schema": false, "auth": {"not": {"required": ["secrets_file"]}}}}
        """)
  }
}
