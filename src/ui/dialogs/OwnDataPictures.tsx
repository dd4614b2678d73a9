// How do twenty-five small pictures look? Five by five, each with its class below; enlarged without smoothing.
import { useEffect, useRef } from 'react'
import type { OwnFilePreview, Thumbnails } from '../../core/ownFilePreview.ts'

/** The pictures with a caption each. */
export function OwnDataPictures({ thumbnails, shown }: { readonly thumbnails: Thumbnails; readonly shown: OwnFilePreview['shown'] }) {
  return (
    <ul className="own-data-pictures" aria-label={`${shown.length} samples`}>
      {shown.map(({ place, answer }, index) => (
        <li key={place}>
          <Picture thumbnails={thumbnails} index={index} label={answer === '' ? `Sample ${place}` : `Sample ${place}: ${answer}`} />
          <span>{answer}</span>
        </li>
      ))}
    </ul>
  )
}

function Picture({ thumbnails, index, label }: { readonly thumbnails: Thumbnails; readonly index: number; readonly label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const { height, width, pixels } = thumbnails
  useEffect(() => {
    const size = height * width * 4
    const image = new ImageData(pixels.slice(index * size, (index + 1) * size), width, height)
    canvas.current?.getContext('2d')?.putImageData(image, 0, 0)
  }, [pixels, height, width, index])
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={label} />
}
