package bounce

// A phraseList gives a class to texts that have one of its phrases.
type phraseList struct {
	class   Class
	phrases []string
}

// phraseLists are tried from the first to the last: what tells one thing for
// sure comes before what is in many replies. The texts that they are held
// against are in lower case, have single spaces, and neither addresses, links,
// host names nor reply codes.
var phraseLists = []phraseList{
	{Success, []string{"successfully delivered", "was successfully relayed", "delivered successfully"}},
	{Greylisted, []string{"greylist", "graylist", "grey-list", "gray-list", "grey list", "gray list", "postgrey", "first time sender", "gl1"}},
	{Policy, []string{"google groups", "restrictedtorecipients"}},
	{System, []string{"temporary lookup failure"}},
	{Expired, []string{"retry timeout exceeded", "retry time not reached"}},
	{Content, []string{"headers too large", "header too", "message headers too"}},
	{Auth, []string{
		"dmarc", "dkim", "(spf)", " spf ", "spf:", "spf=", "spf fail", "sender policy framework", "authentication checks failed", "sender is unauthenticated",
		"unauthenticated email", "unauthenticated mail", "purported responsible address", "authentication level", "email authentication", "sender authentication",
		"authentication check", "pass authentication", "authentication requirements", "domain owner policy", "sender id (pra)", "not authorized to send from", "spoof"}},
	{SenderRejected, []string{
		"sender address rejected", "sender rejected", "sender verif", "verify sender", "sender domain", "domain of sender", "sender unknown", "unknown sender",
		"invalid sender", "sender invalid", "bad sender", "sender denied", "sender not allowed", "sender is not allowed", "sender refused", "sender's address", "sender address",
		"sender's domain", "sending to/from an address", "rejected mail from", "mail from address", "mail from domain", "return address", "returned address", "sender is blocked",
		"envelope sender", "sender blocked", "sender was rejected", "address has been blacklisted", "sender does not exist", "from address", "not allowed to use this sender", "expéditeur", "nosend", "absender",
		"envelope from", "senders address", "sender with", "accept mail from", "accepting mail from", "accepting email from", "not accept email from", "sender is spammer", "sender email", "batv", "bogus mail from", "without a valid sender", "null sender", "empty envelope", "not verified", "pre-approved"}},
	{RateLimited, []string{
		"too many connection", "too many concurrent", "rate limit", "ratelimit", "rate-limit", "throttl", "at a rate", "too many messages from", "too many emails", "too many mails",
		"too many recipient", "too fast", "slow down", "sending limit", "hourly", "daily limit", "daily quota", "per hour", "per day", "per minute", "maximum number of connections", "connection limit",
		"too much mail", "unexpected volume", "unusual rate", "max connections", "concurrent connection", "trop de connexions", "trop de messages", "message rate", "mail rate", "too many sessions",
		"connections from your", "recipients per", "received too many", "concurrency limit", "excessive rate", "sending rate", "too many invalid recipients", "too many unknown", "connection rate", "too many smtp"}},
	{Virus, []string{"virus", "malware", "infected", "trojan", "phishing", "mcspamsignature"}},
	{Relaying, []string{
		"relaying denied", "relay access denied", "unable to relay", "to relay", "relay not permitted", "relaying prohibited", "relaying not", "relaying is", "not relay", "as a relay",
		"relay mail", "rcpthosts", "not a gateway", "isn't in my list", "relay denied", "cannot relay", "relay this", "no relay", "open relay", "relay operation", "relaying mail", "relay through",
		"relaying to", "relay access", "not an mx", "not one of my domains", "insecure mail relay", "we don't handle mail for", "domain isn't allowed", "domain is not in my list", "relayed", "relay prohibited", "not locally hosted",
		"without authentication"}},
	{Blocked, []string{
		"my name was rejected", "blocked using", "block list", "blocklist", "blacklist", "black list", "block-list", "dnsbl", "rbl ", "spamhaus", "spamcop", "reverse dns", "ptr record", "ptr resource", "ptr rr", "no ptr", "rdns", "reverse lookup", "helo", "ehlo", "client host", "poor reputation", "bad reputation", "low reputation"}},
	{Spam, []string{"as spam", "is spam", "spam detected", "spam message", "contains spam", "spam rejection", "spam content", "looks like spam", "unsolicited"}},
	{Loop, []string{"too many hop", "hop count", "hops exceeded", "mail loop", "routing loop", "forwarding loop", "loops back", "mailloop", "looping", "loop detected", "loop count", "loop:", "too many received"}},
	{TooLarge, []string{
		"message size", "too large", "too big", "size limit", "size exceed", "message length exceeds", "message is larger", "larger than", "exceeds the maximum size",
		"exceeds maximum", "max size", "maximum size", "message was too", "zu gross", "zu groß", "trop volumineux", "trop gros", "demasiado grande", "exceeded the size", "サイズ"}},
	{Full, []string{
		"mailbox full", "mailbox is full", "mailbox exceeded", "exceeds allowed size", "any more mail", "size allowed for mail delivery", "enough disk space", "maximum allowed storage", "enough space", "exceeding receiving", "mail data", "mail storage", "storage exceeded", "mailbox for user is full", "full mailbox", "inbox is full", "inbox full", "mail box full", "mailbox's full", "mail folder is full", "account is full", "storage is full",
		"quota", "out of storage", "storage space", "storage limit", "storage allocation", "exceeded storage", "exceeded its storage", "exceeded the storage", "too many messages on", "too many messages in", "zuviele mails",
		"mailfull", "message store is full", "mailbox has exceeded", "mailbox size", "exceeded the space", "exceeded his/her", "space allocated", "allocated space", "size of the mailbox",
		"no space left for", "is full", "was full", "postfach voll", "boîte pleine", "boite pleine", "casella piena", "buzón lleno", "buzon lleno", "caixa cheia", "переполнен",
		"メールボックスが一杯", "容量", "邮箱空间", "空间不足", "已满", "has no space", "insufficient storage", "not enough space"}},
	{NoMail, []string{
		"null mx", "nullmx", "null-mx", "does not accept mail", "does not accept email", "does not accept e-mail", "indicated no smtp service", "not accepting network messages", "accepts no mail", "does not receive mail",
		"domain does not accept", "not accept any mail", "does not send or receive"}},
	{Disabled, []string{
		"disabled", "suspend", "inactive", "deactivated", "is locked", "been locked", "account locked", "locked out", "account closed", "discontinued", "frozen", "not active", "no longer active", "isn't active",
		"expired account", "account expired", "account has expired", "mailbox expired", "user expired", "mailbox has expired", "dormant", "mailbox is blocked", "account is blocked", "account blocked", "account has been blocked", "user is blocked",
		"not been activated", "not yet activated", "gesperrt", "désactiv", "desactiv", "停用", "禁用", "冻结", "заблокирован", "отключен", "account is currently unavailable", "account is unavailable", "not accepting mail with attachments",
		"has been terminated", "account terminated", "account is over"}},
	{DNS, []string{
		"not found, try again", "host name lookup failure", "unexpected name server reply", "servfail", "dns temporary", "dns timeout", "dns server", "temporary dns", "domain is not reachable",
		"temporarily unable to resolve", "name server is not", "dns lookup timeout", "nameserver", "cannot resolve", "can't resolve", "could not resolve", "couldn't resolve", "unable to resolve", "lowest numbered mx record points to local", "dns query failed"}},
	{NoDomain, []string{
		"host unknown", "unknown host", "domain must exist", "domain mx not found", "is unroutable", "mentioned in email address is unknown", "domain may not exist", "cannot resolve the domain", "host not found", "domain not found", "domain does not exist", "domain doesn't exist", "no such domain", "domain name not found", "find any host", "find a mail exchanger",
		"no mx record", "no mx or a", "unrouteable mail domain", "unroutable domain", "unrouteable domain", "unknown domain", "domain unknown", "name or service not known", "nxdomain", "no longer in service",
		"bad destination system", "illegal host", "domain invalid", "invalid domain", "host address lookups failed permanently", "mx records point to non-existent", "no such host", "no relevant answers",
		"nonexistent domain", "non-existent domain", "non-existent host", "domain is not hosted", "host does not exist", "no valid hosts", "domain isn't hosted", "host or domain name not found", "no route to recipient domain", "no dns information", "recipient domain is", "unresolvable", "not a valid domain", "name does not exist",
		"domain is invalid", "find the recipient domain", "no existing mx", "no mail server", "recipient's domain"}},
	{DNS, []string{"lookup failure", "lookup failed", "dns failure", "dns error"}},
	{Moved, []string{
		"has moved", "user moved", "no longer with", "no longer works", "no longer working", "left the company", "left the organi", "no longer employed", "address changed", "address has changed", "changed address", "new email address",
		"new e-mail address", "new address is", "has been replaced by", "hat das unternehmen verlassen", "account moved", "mailbox has moved"}},
	{Protocol, []string{
		"command not recognized", "unrecognized command", "command unrecognized", "unknown command", "bad sequence", "improper sequence", "syntax error", "smtputf8", "internationalized", "utf8", "starttls", "tls ",
		"protocol error", "protocol violation", "not implemented", "unimplemented", "ssl ", "need rcpt", "need mail"}},
	{NoMailbox, []string{
		"user unknown", "unknown user", "no such user", "no such mailbox", "no such recipient", "no such address", "no such account", "no such person", "no such email", "no such e-mail", "no such name", "no such local", "unknown recipient", "unknown e-mail", "unknown email", "unknown mail address",
		"recipient unknown", "unknown address", "address unknown", "unknown or illegal", "invalid recipient", "recipient invalid", "recipient is invalid", "invalid mailbox", "invalid address", "address is invalid", "invalid user", "user invalid",
		"user not found", "user not known", "recipient not found", "recipnotfound", "recipientnotfound", "mailbox not found", "account not found", "address not found", "not exist", "n't exist", "n'existe pas", "inexist", "have a account", "have an account",
		"not listed in", "not a valid", "isn't a valid", "not valid", "no mailbox", "no account", "not our customer", "mailbox name not allowed", "unrouteable address", "unroutable address", "undeliverable address",
		"undeliverable recipient", "non-existent", "nonexistent", "unknown in", "name is not recognized", "not recognized", "couldn't be found", "could not be found", "wasn't found", "was not found", "bad destination mailbox",
		"invalid local part", "unknown local", "possibly incorrect", "no user", "addressee unknown", "unknown mailbox", "mailbox unknown", "unknown account", "account unknown", "not in our", "not known", "is not a registered",
		"not registered", "unregistered", "no longer accepts", "no longer available", "no longer valid", "no longer on", "no longer exist", "not listed on", "isn't listed", "unbekannt", "inconnu", "desconocid", "sconosciut", "existiert nicht", "bestaat niet", "niet bekend", "destinataire invalide", "adresse invalide",
		"não existe", "nao existe", "no existe", "non esiste", "не существует", "не найден", "存在しません", "存在しない", "見つかりません", "不存在", "无此用户", "查无", "bad address", "bad recipient", "bad-mailbox", "mailbox is invalid", "there is no one", "not a known", "not known here", "email address you entered",
		"address couldn't", "not be found", "not found in", "no one here", "unknown extension", "illegal user", "illegal alias", "user does not", "user doesn't", "recipient does not", "no matching", "wrong address", "incorrect address", "mail-box not", "ユーザー", "not find user", "mailbox doesn't", "not our user", "can't find user", "misspelled", "no aliases", "unknown customer", "rcp-p1", "badrcptto", "badrecipientto", "validrcptto", "recipient not ok", "envelope recipient", "not present in directory", "not an active address", "mail box available", "mailbox not present", "mailbox invalid", "recipient has been denied", "addresses were unknown", "nessun utente", "dicha persona", "ese usuario", "not a local", "email name is not", "non répertorié", "non recensé", "nicht im domino", "no figura", "destination address", "missing home directory", "unknown virtual", "address is wrong", "recipient is not accepted", "recipient is unknown"}},
	{Blocked, []string{
		"reputation", "is listed", "listed at", "listed by", "listed in", "sorbs", "your ip", "ip address",
		"ip blocked", "bad ip", "banned", "unverifyable", "client ip", "your host", "your server", "your network", "block your", "untrusted", "connection blocked",
		"blocked by", "host not allowed", "network not allowed", "access from ip", "ptr ", "not accepting connections", "sending server", "from your", "mail server has been", "blocked for", "dynamic ip", "dialup", "dul ", "connection refused by policy", "fix reverse", "not resolve", "block for", "temporarily blocked"}},
	{Spam, []string{
		"spam", "unsolicited", "ube", "uce", "junk", "bulk mail", "bulk email", "content rejected", "content blocked", "classified as", "scored as", "unwanted", "content filter", "message looks", "high probability", "banned content", "content is not allowed", "advert", "commercial", "suspicious"}},
	{Content, []string{
		"content", "attachment", "8-bit", "8bit", "mime ", "mime-", "in from:", "message format", "malformed", "base64", "lone cr", "bare lf", "bare cr", "charset", "media error", "no resent-from", "resent-from", "file type", "filetype", "duplicate header", "line too long", "lines longer", "rfc ",
		"rfc5322", "rfc2822", "rfc 5322", "message header", "headers too", "from header", "missing header", "date header", "message-id", "invalid header", "encoding", "conversion"}},
	{Network, []string{
		"timed out", "timeout", "connection refused", "connection reset", "lost connection", "no route to host", "network is unreachable", "network unreachable", "host is unreachable", "host unreachable", "could not connect", "couldn't connect", "unable to connect",
		"cannot connect", "can't connect", "failed to connect", "requests to connect", "connection to mail exchanger", "connect to", "socket error", "connection died", "connection dropped", "connection closed", "connection failed", "conversation with", "not responding", "no answer from",
		"broken pipe", "connection error", "establish an smtp", "wasn't able to establish", "connection was", "connection attempt", "did not respond", "didn't respond", "not answer"}},
	{Expired, []string{
		"failing for a long time", "expired", "not been collected", "message timed", "queue too long", "too long in", "in the queue", "delivery time", "not delivered within", "send message for", "giving up", "attempts:", "deferred:", "has not yet been delivered", "been delayed", "will continue trying", "will keep trying", "for the last", "still trying",
		"delivery attempts", "after several attempts", "could not be delivered for", "unable to deliver for", "not yet been", "delay"}},
	{System, []string{
		"disk", "no space left", "local error", "system error", "internal error", "server error", "temporary failure", "temporarily", "service unavailable", "service currently unavailable", "try again", "try later", "out of memory", "system resources", "insufficient system", "resources", "command died", "command output",
		"child process", "unable to open", "i/o error", "configuration error", "config", "processing error", "encountered an error", "mail system", "maintenance", "temporary", "can't create", "cannot create", "can not create", "too many open", "write error", "error while being processed", "service refused", "service refuse", "unexpected error",
		"unverified address", "pipe to", "permission denied", "exit status", "software error", "procmail", "maildrop", "unknown mailer error", "mailer error", "transport error", "queue", "busy", "overload", "system is", "local configuration", "unable to open mailbox", "database", "ldap", "program"}},
	{Policy, []string{
		"policy", "policies", "not allowed", "not authorized", "not authorised", "unauthorized", "not permitted", "permission", "access denied", "denied", "refused", "security", "restrict", "prohibited", "administrat", "authentication", "authenticate", "authrequired", "preferences", "whitelist", "white list", "captcha", "rule",
		"blocked", "forbidden", "moderat", "not a member", "members", "allowed senders", "does not want", "declined", "not welcome", "filter", "not wish", "postings", "not accepted", "not approved", "rejeté", "rejete", "rejected", "reject"}},
}

// weakNoMailbox are phrases that mean no such mailbox if nothing else is said:
// what follows them is often another reason.
var weakNoMailbox = []string{"recipient address rejected", "recipient rejected", "address rejected", "rejected recipient", "rejected address", "rcpt to rejected", "recipient refused", "rcpt <> rejected"}
