// ItemFormat
