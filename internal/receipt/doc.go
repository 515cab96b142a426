// Package receipt is what customers are told: the items in the form of the official receipts, their signature, and the way to a
// customer's callback with its retries. What has happened, and where it is to be told, others say; it opens transactions only about
// what is on its way.
package receipt
