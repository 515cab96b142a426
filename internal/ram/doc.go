// Package ram says who somebody is and what they may do, in the words of
// Alibaba Cloud's Resource Access Management: accounts, users, groups, roles,
// access keys, and the policies that decide. It is pure: it reads no clock,
// no file and no network, and randomness is handed to it. Storing identities,
// checking signatures and answering callers belong to the floors above.
package ram
