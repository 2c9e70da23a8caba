package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bulksmtp/bulksmtp/internal/interop"
)

// A look is a page to open in Chromium.
type look struct {
	width, height int
	scheme        string // light or dark
	url           string
}

// A sight is what Chromium made of it.
type sight struct {
	picture  image.Image
	document string // after scripts have run
}

// browse opens pages, one after the other. It skips the test where Chromium cannot
// be had.
func browse(t *testing.T, looks ...look) []sight {
	t.Helper()
	var input strings.Builder
	for _, l := range looks {
		fmt.Fprintf(&input, "%d %d %s %s\n", l.width, l.height, l.scheme, l.url)
	}
	files := map[string][]byte{}
	archive := tar.NewReader(bytes.NewReader(interop.Run(t, "chromium", []byte(input.String()))))
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[strings.TrimPrefix(h.Name, "./")], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
	var views []sight
	for i, l := range looks {
		picture, err := png.Decode(bytes.NewReader(files[fmt.Sprint(i, ".png")]))
		if err != nil {
			t.Fatalf("screenshot of %s: %v", l.url, err)
		}
		if size := picture.Bounds().Size(); size != image.Pt(l.width, l.height) {
			t.Fatalf("screenshot of %s: %v pixels", l.url, size)
		}
		views = append(views, sight{picture, string(files[fmt.Sprint(i, ".html")])})
	}
	return views
}

// at returns the colour of a pixel.
func at(p image.Image, x, y int) color.RGBA {
	return color.RGBAModel.Convert(p.At(x, y)).(color.RGBA)
}

// colored returns how many pixels have the colour, and the rectangle that they
// are in.
func colored(p image.Image, c color.RGBA) (n int, where image.Rectangle) {
	b := p.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if at(p, x, y) == c {
				n++
				where = where.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return n, where
}

// Colours of the shipped mail, and of the page around it.
var (
	shelf      = color.RGBA{0x5b, 0x3a, 0x29, 0xff} // the board that the books stand on, across the image
	paper      = color.RGBA{0xf4, 0xee, 0xe2, 0xff} // around the letter
	groundDay  = color.RGBA{0xf3, 0xf4, 0xf7, 0xff}
	groundDark = color.RGBA{0x12, 0x15, 0x1b, 0xff}
)

// TestInChromium holds pages of the shipped mail against what a person should see.
func TestInChromium(t *testing.T) {
	server := httptest.NewServer(handlerFor(t))
	defer server.Close()
	views := browse(t,
		look{1280, 1000, "light", server.URL + "/row/3/html"},
		look{1280, 1000, "dark", server.URL + "/row/3/html?width=phone"},
		look{1000, 800, "light", server.URL + "/row/3/frame"},
		look{390, 1200, "dark", server.URL + "/row/3/text"},
		look{1280, 900, "light", server.URL + "/"},
		look{390, 900, "light", server.URL + "/row/3/html"},
	)
	desktop, phone, frame, text, index, narrow := views[0], views[1], views[2], views[3], views[4], views[5]

	must(t, "page", desktop.document, "October in the Reading Room, Søren Kjærgård", `<iframe title="The mail as HTML"`)
	must(t, "frame", textOf(frame.document), "Dear Søren Kjærgård,", "As a patron you have")
	must(t, "text", textOf(text.document), "\nDear Søren Kjærgård,\n")
	must(t, "index", textOf(index.document), "soren.kjaergard.3@example.net")

	for _, tt := range []struct {
		name           string
		v              sight
		ground         color.RGBA
		least, most    int // width of the board
		top, leastPart int // where the mail begins at the earliest; pixels of its paper
	}{
		{"desktop", desktop, groundDay, 550, 560, 200, 50_000},
		{"phone", phone, groundDark, 340, 375, 200, 2_000},
		{"narrow", narrow, groundDay, 330, 390, 200, 2_000},
	} {
		if got := at(tt.v.picture, 3, 150); got != tt.ground {
			t.Errorf("%s: the page is %v, want %v", tt.name, got, tt.ground)
		}
		n, board := colored(tt.v.picture, shelf)
		if w := board.Dx(); w < tt.least || w > tt.most || board.Min.Y < tt.top || n < 4*w {
			t.Errorf("%s: the image's board is %d pixels in %v", tt.name, n, board)
		}
		if middle := (board.Min.X + board.Max.X) / 2; middle < tt.v.picture.Bounds().Dx()/2-15 || middle > tt.v.picture.Bounds().Dx()/2+15 {
			t.Errorf("%s: the mail's middle is at %d", tt.name, middle)
		}
		if n, where := colored(tt.v.picture, paper); n < tt.leastPart || where.Min.Y < tt.top {
			t.Errorf("%s: the mail's paper is %d pixels in %v", tt.name, n, where)
		}
	}
	for name, v := range map[string]sight{"text": text, "index": index} {
		if n, where := colored(v.picture, shelf); n > 0 {
			t.Errorf("%s: a shelf at %v", name, where)
		}
		if n := len(colors(v.picture)); n < 20 {
			t.Errorf("%s: %d colours, so no text", name, n)
		}
	}
	if got := at(text.picture, 3, 150); got != groundDark {
		t.Errorf("the page is %v in the dark", got)
	}
}

func colors(p image.Image) map[color.RGBA]bool {
	all := map[color.RGBA]bool{}
	for y := range p.Bounds().Dy() {
		for x := range p.Bounds().Dx() {
			all[at(p, x, y)] = true
		}
	}
	return all
}

// A beacon is a server elsewhere that notes who asks it for what.
type beacon struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
	conns int
}

func newBeacon(t *testing.T) *beacon {
	b := new(beacon)
	b.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.asked = append(b.asked, r.URL.Path)
	}))
	b.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.conns++
		}
	}
	b.Start()
	t.Cleanup(b.Close)
	return b
}

// noted returns the paths asked for, each once, and the number of connections.
func (b *beacon) noted() (paths []string, conns int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.Sort(b.asked)
	return slices.Compact(b.asked), b.conns
}

// TestHostileInChromium has a browser open a mail that tries to get out of its
// frame. In one that nothing holds, it does.
func TestHostileInChromium(t *testing.T) {
	blocked, loaded, free := newBeacon(t), newBeacon(t), newBeacon(t)
	server := httptest.NewServer(handlerFor(t, hostile(t, blocked.URL)...))
	defer server.Close()
	asking := httptest.NewServer(handlerFor(t, hostile(t, loaded.URL)...))
	defer asking.Close()
	unheld := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		source := ask(handlerFor(t, hostile(t, free.URL)...), "/row/1/frame").Body.String()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, strings.Replace(source, `http-equiv="refresh"`, "", 1)) // else it is gone before one can look
	}))
	defer unheld.Close()

	var looks []look
	for _, target := range []string{
		server.URL + "/row/1/html", server.URL + "/row/1/frame", server.URL + "/row/1/text", server.URL + "/row/1/headers", server.URL + "/row/1/source", server.URL + "/",
		asking.URL + "/row/1/html?remote=1", asking.URL + "/row/1/frame?remote=1", unheld.URL,
	} {
		looks = append(looks, look{800, 600, "light", target})
	}
	views := browse(t, looks...)
	for i, v := range views[:len(views)-1] {
		if strings.Contains(v.document, "<title>ran</title>") || strings.Contains(v.document, `id="ran"`) {
			t.Errorf("%s: a script has run:\n%s", looks[i].url, v.document)
		}
	}
	must(t, "frame", textOf(views[1].document), "the text of the mail", hostileName)

	if paths, conns := blocked.noted(); conns > 0 {
		t.Errorf("%d connections elsewhere, for %q", conns, paths)
	}
	paths, _ := loaded.noted()
	if !slices.Contains(paths, "/image.png") || !slices.Contains(paths, "/sheet.css") {
		t.Errorf("loaded where that was asked for: %q", paths)
	}
	for _, p := range []string{"/script", "/script.js", "/refresh", "/frame", "/object", "/embed", "/form", "/prefetch"} {
		if slices.Contains(paths, p) {
			t.Errorf("loaded %s, which nobody has asked for", p)
		}
	}

	paths, _ = free.noted()
	if v := views[len(views)-1]; !strings.Contains(v.document, `id="ran"`) || !slices.Contains(paths, "/script") {
		t.Errorf("without a frame's policy no script has run, so that this test shows nothing: %q\n%s", paths, v.document)
	}
}
