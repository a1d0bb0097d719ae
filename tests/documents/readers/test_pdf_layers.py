"""Layers of PDFs (optional content): what is in those that are switched off is not shown."""

from __future__ import annotations

from tests.documents.readers.pdf_file import assembled, prose, stream, text

FONT = b"/Resources<</Font<</F1 5 0 R>>>>"


def line(words: bytes, y: int) -> bytes:
    return b"BT /F1 12 Tf 72 %d Td (%s) Tj ET\n" % (y, words)


def layered(content: bytes, *, off: bytes = b"6 0 R", names: tuple[bytes, bytes]) -> bytes:
    """A page with the layers L1 and L2, and a form object of L1 and one of none."""
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]" + FONT
    return assembled(
        b"<</Type/Catalog/Pages 2 0 R/OCProperties"
        b"<</OCGs[6 0 R 7 0 R]/D<</OFF[%s]/Order[6 0 R 7 0 R]>>>>>>" % off,
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<"
        b"/Font<</F1 5 0 R>>/Properties<</L1 6 0 R/L2 7 0 R>>/XObject<</X1 8 0 R/X2 9 0 R>>>>>>",
        stream(content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/OCG/Name(%s)>>" % names[0],
        b"<</Type/OCG/Name(%s)>>" % names[1],
        stream(line(b"Bonus 70.", 560), form + b"/OC 6 0 R"),
        stream(line(b"Fee 80.", 520), form),
    )


PAGE = (
    line(b"Open from 8 to 16.", 720)
    + b"/OC /L1 BDC\n" + line(b"Salary 41000.", 680) + b"EMC\n"
    + b"/OC /L2 BDC\n" + line(b"Price 50.", 640) + b"EMC\n"
    # A white box over the first line, in the layer that is off.
    + b"/OC /L1 BDC 1 1 1 rg 60 710 200 30 re f 0 g EMC\n"
    + b"/X1 Do /X2 Do"
)  # fmt: skip
NAMES = (b"Internal", b"Public")


def test_what_is_in_a_layer_that_is_off_is_left_out_and_counted() -> None:
    data = layered(PAGE, names=NAMES)
    assert text(data) == "Open from 8 to 16.\n\nPrice 50.\n\nFee 80."
    assert prose(data).omitted == {"hidden words": 4}


def test_the_other_layer() -> None:
    read = text(layered(PAGE, off=b"7 0 R", names=NAMES))
    assert "Salary 41000." in read
    assert "Bonus 70." in read
    assert "Price 50." not in read


def test_a_page_of_which_all_layers_are_off_has_no_text() -> None:
    content = b"/OC /L1 BDC\n" + line(b"Salary 41000.", 680) + b"EMC"
    assert "41000" not in text(layered(content, names=NAMES))


def test_hidden_text_below_other_text_at_the_same_place() -> None:
    content = line(b"Price 50.", 680) + b"/OC /L1 BDC\n" + line(b"Price 90.", 680) + b"EMC"
    assert text(layered(content, names=NAMES)) == "Price 50."


def test_the_text_layer_of_a_scan_stays() -> None:
    """It is invisible whether its layer is on or off."""
    content = b"/OC /L2 BDC 3 Tr\n" + line(b"Scanned words.", 680) + b"EMC"
    assert "Scanned words." in text(layered(content, names=NAMES))
