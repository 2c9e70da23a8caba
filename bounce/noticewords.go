package bounce

// Words in labels, the words and the colon that a line begins with, in lower case.
var (
	// otherLabels stand before addresses of others.
	otherLabels = [...]string{
		"sender", "from", "contact", "message id", "message-id", "identifier", "id of", "administrator",
		"support", "help", "questions", "originator",
	}
	// vagueLabels stand before anything.
	vagueLabels = [...]string{"talking to", "said", "error"}
	// recipientLabels stand before recipients.
	recipientLabels = [...]string{
		"recipient", "deliver", "failed", "unknown", "rejected", "addressee", "destinat", "empf",
		"undeliverable", "not found", "mailbox", "address", "message to", "mail to", "arrive",
		"no such user", "not reach", "宛先", "收件人", "收信人", "получател",
	}
)

// Words in sentences, in lower case.
var (
	// helpWords are in those that say whom to turn to.
	helpWords = [...]string{
		"if you", "contact", "assistance", "visit", "questions", "unsubscribe", "please send",
		"please report", "write to", "envelope-from", "reply to", "help desk", "received: from",
		"mailto:postmaster", "reported by",
	}
	// newAddressMarks stand before the address that somebody has moved to.
	newAddressMarks = [...]string{
		"moved to", "new address is", "new address:", "new email address is", "new e-mail address is", "new email address:",
		"new e-mail address:", "please try <", "changed to",
	}
	// failureWords are in those that tell what has failed.
	failureWords = [...]string{
		"deliver", "undeliverable", "unknown", "reach", "not listed", "not found", "no such", "full",
		"quota", "addressed to", "not a valid", "not valid", "invalid", "does not exist", "doesn't exist",
		"doesn't have", "unavailable", "rejected", "failed", "could not", "couldn't", "disabled",
		"not exist", "unable to", "mailbox", "recipient", "your message to", "your mail to", "your email to",
		"zugestellt", "bounced", "returned", "violation", "inactive", "no longer", "refused", "nicht",
		"送信できません", "配信できません", "не доставлен", "entregad", "consegnat", "remis",
	}
)
