"""A phone's camera: what a QR picture of a page says, as it stands on the screen."""

import zxingcpp
from playwright.sync_api import Locator

# The picture's brightness, row by row, at the size in which it is shown.
BRIGHTNESS = """async picture => {
  await picture.decode();
  const {width, height} = picture.getBoundingClientRect();
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(width);
  canvas.height = Math.round(height);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';  // as the card behind it
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const dots = context.getImageData(0, 0, canvas.width, canvas.height).data;
  return [canvas.width, canvas.height,
    Array.from(dots.filter((_, at) => at % 4 === 0))];
}"""


def scanned(picture: Locator) -> str:
    """The text of the QR code in an image of the page."""
    width, height, brightness = picture.evaluate(BRIGHTNESS)
    seen = memoryview(bytes(brightness)).cast("B", shape=[height, width])
    found = zxingcpp.read_barcode(seen)
    assert found, "no QR code can be read"
    return found.text
