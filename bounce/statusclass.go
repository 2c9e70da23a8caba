package bounce

import (
	"strconv"
	"strings"
)

// classOfCode is for replies without a word that tells.
func classOfCode(code int) Class {
	switch {
	case code == 552:
		return Full // RFC 5321 4.2.2, exceeded storage allocation
	case code >= 400 && code < 500:
		return System
	case code >= 500 && code <= 504:
		return Protocol
	}
	return Undefined
}

// classOfStatus is the mapping of enhanced status codes (RFC 3463, RFC 7372,
// RFC 7505 and the IANA registry, and Exchange Online's own).
func classOfStatus(status string) Class {
	parts := strings.SplitN(status, ".", 3)
	if len(parts) != 3 {
		return Undefined
	}
	detail, err := strconv.Atoi(parts[2])
	if err != nil {
		return Undefined
	}
	if parts[0] == "2" {
		return Success
	}
	permanent := parts[0] == "5"
	switch parts[1] {
	case "1":
		return addressClass(detail, permanent)
	case "2":
		return mailboxClass(detail, permanent)
	case "3":
		if detail == 4 {
			return TooLarge
		}
		return System
	case "4":
		return routingClass(detail, permanent)
	case "5":
		if detail == 3 {
			return RateLimited
		}
		if detail == 0 {
			return Undefined // some write it for everything
		}
		return Protocol
	case "6":
		if detail == 7 || detail == 8 || detail == 10 {
			return Protocol
		}
		return Content
	case "7":
		return securityClass(detail)
	}
	if !permanent {
		return System
	}
	return Undefined
}

func addressClass(detail int, permanent bool) Class {
	switch detail {
	case 7, 8:
		return SenderRejected
	case 9:
		return Content
	}
	if !permanent {
		return System
	}
	switch detail {
	case 0, 1, 3, 4, 10, 351:
		return NoMailbox
	case 2:
		return NoDomain
	case 6:
		return Moved
	}
	return Undefined
}

func mailboxClass(detail int, permanent bool) Class {
	switch detail {
	case 1:
		return Disabled
	case 2:
		return Full
	case 121, 122:
		return RateLimited // Exchange Online, for messages an hour
	case 3:
		return TooLarge
	case 4:
		return Policy
	}
	if !permanent {
		return System
	}
	return Undefined
}

func routingClass(detail int, permanent bool) Class {
	switch detail {
	case 1:
		if permanent {
			return Undefined // Exchange Online: the recipient is not accepted
		}
		return Network
	case 3, 4:
		return DNS
	case 5:
		return RateLimited
	case 6, 14:
		return Loop
	case 7, 300, 316:
		return Expired
	case 310:
		return NoDomain
	}
	return Network
}

func securityClass(detail int) Class {
	switch {
	case detail == 4 || detail == 10 || detail == 11:
		return Protocol
	case detail == 5 || detail == 9 || detail >= 20 && detail <= 24 || detail == 26 || detail == 509 || detail == 515:
		return Auth
	case detail == 13:
		return Disabled
	case detail == 17 || detail == 19:
		return Moved
	case detail == 25 || detail == 27 || detail == 511 || detail >= 606 && detail <= 650 || detail == 708 || detail == 750:
		return Blocked
	case detail == 28 || detail >= 700 && detail < 800:
		return RateLimited
	case detail >= 501 && detail <= 508:
		return Spam
	}
	return Policy
}
