// Under which terms do the shipped images come? The texts that `buildData` lays beside them.

/** Licence of Fashion-MNIST, as its authors give it. */
export const FASHION_MNIST_LICENCE = `Fashion-MNIST: fashion-mnist-0.bin to fashion-mnist-5.bin

The MIT License (MIT)

Copyright (c) 2017 Zalando SE, https://tech.zalando.com

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.

Changes: 10 000 training and 2 000 test images were selected (see
manifest.json); pixels and labels are unaltered.
`

/** Terms and citation of the 8x8 digits. */
export const DIGITS_LICENCE = `Handwritten digits, 8 x 8: digits.bin

"Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak, 1998,
UCI Machine Learning Repository, https://doi.org/10.24432/C50P49, published
there under the Creative Commons Attribution 4.0 International licence,
https://creativecommons.org/licenses/by/4.0/ .

Taken from digits.csv of scikit-learn (BSD-3-Clause, the scikit-learn
developers), which is a copy of the test part, optdigits.tes.

Changes: rows are reordered, training images first (see manifest.json); pixels
and labels are unaltered.
`
