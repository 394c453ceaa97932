print("upsertd")
