package bounce

// summarySubjects are in the subjects of reports on many mails, in lower case.
var summarySubjects = [...]string{"logwatch", "pflogsumm", "daily", "weekly", "hourly", "summary", "statistics", "cron <"}

// What the From field of a bounce has in it, in lower case: that of a mail system,
// and that of the people in charge, who also write themselves.
var (
	daemonNames = [...]string{
		"mailer-daemon", "mailerdaemon", "mail deliver system", "mail delivery s", "delivery subsystem", "<>",
	}
	// deliveryNames begin the names of mail systems: those of parcel services have
	// the words, too.
	deliveryNames = [...]string{"mail delivery", "mail.delivery", "internet mail delivery"}
	masterNames   = [...]string{"postmaster", "system administrator", "mail administrator", "mail system"}
)

// What subjects of bounces have in them.
var bounceSubjects = [...]string{
	"undeliver", "delivery status notification", "returned mail", "failure notice", "delivery failure",
	"failure delivery", "delivery failed", "delivery has failed", "mail failure", "mail failed",
	"returned to sender", "returning to sender", "returning message", "non-deliver", "nondeliver",
	"not delivered", "mail delivery", "message delivery", "delivery problem", "delivery report",
	"delivery warning", "delivery delay", "could not be delivered", "couldn't be delivered",
	"cannot be delivered", "can't be delivered", "unable to deliver", "delivery unsuccessful",
	"error sending your mail", "delivery error", "mail error", "mail system error", "rejected mail",
	"user unknown", "unknown user", "message not delivered", "notification d'état", "non remis",
	"échec de la remise", "avis de non-remise", "unzustellbar", "nicht zugestellt", "nicht zustellbar",
	"no se puede entregar", "no entregado", "non recapitabile", "não foi possível entregar", "niet bezorgd",
	"onbestelbaar", "не доставлено", "недоставлен", "エラー通知", "配信不能", "配信エラー", "送信エラー", "退信", "系统退信", "投递失败",
	"退回", "mail delayed", "message delayed", "delayed mail", "still being retried", "bounced mail",
	"bounce message", "mail could not", "returned email", "returned message", "mailbox full",
	"mailbox is full", "quota exceeded", "niedoręcz", "processing error", "delivery has been delayed",
	"delivery incomplete", "delivery status", "kunne ikke leveres", "kan inte levereras", "rückläufer",
	"impossible de remettre", "impossible de distribuer", "ndn: ", "发送失败", "发信失败", "발송실패", "발송 실패",
	"전송 실패", "전송실패", "배달 실패", "반송", "nedoručiteln", "doručení se nezdařilo", "kézbesíthetetlen",
	"nem kézbesíthető", "teslim edilem", "ei voitu toimittaa", "toimitusvirhe", "αποτυχία παράδοσης", "не доставлен",
	"bezorging mislukt", "zwrot nieodebranej", "niedostarcz", "nelivrat", "mislykket levering", "mancata consegna",
	"mensagem não entregue", "falha na entrega", "fallo en la entrega", "error de entrega", "zustellung fehl",
	"zustellfehler", "fehler bei der zustellung", "échec de remise", "echec de remise", "échec de distribution",
	"không gửi được", "gagal dikirim",
}

// What notices have in their words.
var failurePhrases = [...]string{
	"could not be delivered", "couldn't be delivered", "cannot be delivered", "can't be delivered",
	"can not be delivered", "not be delivered", "was not delivered", "were not delivered",
	"wasn't delivered", "has not been delivered", "not yet been delivered", "unable to deliver",
	"able to deliver", "could not deliver", "couldn't deliver", "cannot deliver", "not deliver",
	"trouble delivering", "failed to deliver", "delivery failed", "delivery has failed", "delivery failure",
	"deliver failed", "failed permanently", "delivery to the following", "did not reach", "undeliverable",
	"undelivered", "error delivering", "delivery problem", "could not be sent", "couldn't be sent",
	"weren't sent", "returned to sender", "returned to you", "returned because", "permanent fatal errors",
	"permanent errors", "transient", "attempting to deliver", "trying to deliver",
	"error has occurred while", "transcript of session", "was undeliverable",
	"following recipients were affected", "address failed", "addresses failed", "address(es) failed",
	"was rejected", "been rejected", "automatically rejected", "recipient(s) could not", "not a valid user",
	"no such user", "user unknown", "unknown user", "mailbox is full", "mailbox full", "full mailbox",
	"over quota", "did not receive this message", "failed recipient", "fatal error", "unknown host",
	"host unknown", "failed addresses", "delivery error", "not been delivered", "rcpt to generated",
	"delivery failed", "received >>>", "will be delayed", "has been delayed", "been postponed",
	"still trying to", "warning message only", "delivery status notification", "zugestellt werden",
	"nicht zugestellt", "konnte nicht", "n'a pas pu", "pas été remis", "non remis", "no pudo ser entregad",
	"no se pudo", "no se ha podido", "não pôde ser", "nao pode ser", "não foi entregue",
	"non è stato possibile", "impossibile recapitare", "non consegnat", "не может быть доставлен",
	"не было доставлено", "niet worden afgeleverd", "送信できません", "配信できません", "届けることができません", "お届けできません",
	"エラーのため", "送信に失敗", "无法投递", "退信", "未能送达", "发送失败", "nie mogła zostać", "kunde inte levereras", "bounced",
	"intended recipient:", "is not listed in", "no longer valid", "does not exist", "recipient is not",
	"requested action not taken", "error message below", "invalid user address", "did not like",
	"does not like recipient", "rejected by", "발송에 실패", "전송하지 못", "전달되지 못", "배달되지", "nelze doručit",
	"nepodařilo doručit", "nem kézbesíthető", "teslim edilem", "ei voitu toimittaa", "δεν μπόρεσε να παραδοθεί",
	"kunne ikke leveres", "kan inte levereras", "gick inte att leverera", "nie powiodło się", "kan niet worden bezorgd",
	"no se entregó", "n'a pas été remis", "n'est pas parvenu", "la remise a échoué", "falha na entrega",
	"non è stato consegnat", "не удалось доставить", "投递失败", "未能投递",
}

var delayPhrases = [...]string{
	"not yet been delivered", "will continue to try", "will keep trying", "will be retried", "still trying",
	"been delayed", "is delayed", "been postponed", "warning message only", "do not need to resend",
	"don't need to resend", "delivery attempts will continue", "further attempts", "will try again",
	"continue trying", "temporarily deferred. we", "will be delayed",
}

var failedPhrases = [...]string{
	"permanent error", "failed permanently", "permanent fatal", "given up", "giving up",
	"not going to try again", "permanent failure", "no further delivery attempts", "permanently",
}

// Signs of people: the programs that they write with, and words of those who write
// about their own mail.
var (
	mailers = [...]string{
		"apple mail", "iphone", "ipad", "thunderbird", "mozilla", "outlook", "mutt", "eudora", "k-9", "roundcube",
		"evolution", "kmail", "claws", "pegasus", "the bat", "horde", "squirrelmail", "webmail",
	}
	ownWords = [...]string{
		"my mail to", "my email to", "my e-mail to", "my message to", "i sent you", "i tried to", "i get this",
		"i got this", "meine mail an", "meine e-mail an", "mon message à", "mon mail à", "mi correo a",
	}
)
