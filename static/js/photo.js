const MEBIBYTE = 1024 * 1024;
const QUALITY = 0.92;
const SMALLER = 0.8;
const JPEG = "image/jpeg";
// Keeps transparency in few bytes; a browser that cannot write it writes PNG instead.
const WEBP = "image/webp";
const ENDINGS = { [JPEG]: "jpg", [WEBP]: "webp", "image/png": "png" };
// In pixels a side: enough to find out whether any of a picture is transparent.
const PROBE = 64;

/**
 * @typedef {object} Limits what the server takes
 * @property {string[]} accept media types
 * @property {string} formats the same in words
 * @property {number} maxMb
 * @property {number} maxMegapixels
 * @property {number} maxSide in pixels
 * @property {number} keptSide in pixels; of a larger picture the server keeps no more than this
 */

/**
 * Make of a picture file one that the server takes: a phone's photos may be too large, or HEIC.
 * @param {File} file
 * @param {Limits} limits
 * @param {() => void} onWork told when that is going to take a moment
 * @returns {Promise<{file: File, note: string}>} the note says in a sentence what was done, if anything was
 * @throws {Error} with a sentence, if it is no picture that this browser can read
 */
export async function fitted(file, limits, onWork) {
  if (file.type && !file.type.startsWith("image/")) {
    throw new Error(`This file is not a picture we can read. Please choose ${limits.formats}.`);
  }
  const address = URL.createObjectURL(file);
  try {
    const image = await loaded(address);
    const accepted = !file.type || limits.accept.includes(file.type);
    const heavy = file.size > limits.maxMb * MEBIBYTE;
    if (!image.naturalWidth) throw new Error("no size");
    if (accepted && !heavy && fits(image, limits)) return { file, note: "" };
    onWork();
    return await redrawn(file, image, limits);
  } catch {
    throw new Error(`This browser cannot read the picture. Please choose ${limits.formats}, or save it as one of them.`);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** An element lies the way up that the camera held it, and so does what is drawn from it. */
function loaded(address) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.addEventListener("load", () => resolve(image));
    image.addEventListener("error", reject);
    image.src = address;
  });
}

function fits({ naturalWidth, naturalHeight }, { maxMegapixels, maxSide }) {
  return naturalWidth * naturalHeight <= maxMegapixels * 1e6 && Math.max(naturalWidth, naturalHeight) <= maxSide;
}

async function redrawn(file, image, limits) {
  const { naturalWidth, naturalHeight } = image;
  const kind = isTransparent(image) ? WEBP : JPEG;
  const longest = Math.min(limits.keptSide, limits.maxSide) / Math.max(naturalWidth, naturalHeight);
  const largest = Math.sqrt((limits.maxMegapixels * 1e6) / (naturalWidth * naturalHeight));
  let scale = Math.min(1, longest, largest);
  for (;;) {
    const width = Math.max(1, Math.round(naturalWidth * scale));
    const height = Math.max(1, Math.round(naturalHeight * scale));
    const blob = await written(image, width, height, kind);
    if (blob.size <= limits.maxMb * MEBIBYTE) {
      const name = `${file.name.replace(/\.[^.]*$/, "")}.${ENDINGS[blob.type]}`;
      const note = scale < 1 ? `Made smaller before it is sent: ${width} × ${height} px.` : `Sent as ${ENDINGS[blob.type].toUpperCase().replace("JPG", "JPEG")}.`;
      return { file: new File([blob], name, { type: blob.type }), note };
    }
    scale *= SMALLER;
  }
}

function drawn(image, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, width, height);
  return { canvas, context };
}

function isTransparent(image) {
  const { context } = drawn(image, PROBE, PROBE);
  return context.getImageData(0, 0, PROBE, PROBE).data.some((value, index) => index % 4 === 3 && value < 255);
}

async function written(image, width, height, kind) {
  const { canvas } = drawn(image, width, height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, kind, QUALITY));
  // Phones keep the memory of a canvas until they are told.
  canvas.width = canvas.height = 0;
  if (!blob) throw new Error("nothing drawn");
  return blob;
}
