package shipped_test

import (
	"fmt"
	"io/fs"

	"github.com/bulksmtp/bulksmtp/examples/newsletter/shipped"
)

func ExampleFiles() {
	names, err := fs.Glob(shipped.Files, "*")
	fmt.Println(names, err)
	// Output: [newsletter.html newsletter.txt recipients.csv shelf.png] <nil>
}
