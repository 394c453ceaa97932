// TargetAPI
