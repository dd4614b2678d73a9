// How does a vector picture become pixels for a slide? Through an image element and a canvas, without any request.

/**
 * PNG of an SVG text at `scale` device pixels per CSS pixel (2 for slides).
 *
 * @throws {Error} when the text is no picture, or the canvas would be larger than the browser allows.
 */
export async function pngOfSvg(
  svg: string,
  size: { readonly width: number; readonly height: number },
  scale: number,
  page: Document,
): Promise<Blob> {
  const image = page.createElement('img')
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = page.createElement('canvas')
  canvas.width = Math.round(size.width * scale)
  canvas.height = Math.round(size.height * scale)
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
  return await new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null)
        reject(
          new Error(
            `pngOfSvg: the canvas gave no picture, got ${canvas.width} x ${canvas.height}, expected a size that the browser allows`,
          ),
        )
      else resolve(blob)
    }, 'image/png')
  })
}
