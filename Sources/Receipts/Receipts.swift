// Receipts
