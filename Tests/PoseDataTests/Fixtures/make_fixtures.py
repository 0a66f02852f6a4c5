"""Writes the small files that the tests of PoseData read. Needs numpy, scipy and Pillow; run it in this folder.

joints.mat             14x3x3 doubles: image 1 wholly labelled, image 2 in part, image 3 not at all
joints-compressed.mat  the same, deflated
joints-*.mat           the same with one thing wrong
joints-lsp.mat         3x14x4 doubles: Leeds Sports Pose's order; in image 2 the left knee is hidden
grey.jpg cmyk.jpg      16x8 pixels: a ramp in one channel, and a picture in four
"""

import numpy as np
from PIL import Image
from scipy.io import savemat


def joints():
    values = np.zeros((14, 3, 3))
    for joint in range(14):
        values[joint, :, 0] = [10 + joint, 20 + 3 * joint, 1]
        values[joint, :, 1] = [5.25 + 2 * joint, 40 - joint, 1]
        values[joint, :, 2] = [-1000 * joint, np.nan, 0]
    values[3, :, 1] = [-77, 99999, 0]
    values[13, :, 1] = [np.inf, 0, 0]
    return values


good = joints()
savemat("joints.mat", {"joints": good})
savemat("joints-compressed.mat", {"other": np.ones((2, 2)), "joints": good}, do_compression=True)
savemat("joints-single.mat", {"joints": good.astype(np.float32)})
savemat("joints-complex.mat", {"joints": good + 1j})
savemat("joints-13.mat", {"joints": good[:13]})
savemat("joints-matrix.mat", {"joints": good[:, :, 0]})
savemat("joints-unnamed.mat", {"points": good})
bad = joints()
bad[4, 0, 1] = np.nan
savemat("joints-nan.mat", {"joints": bad})
bad = joints()
bad[4, 2, 1] = 2
savemat("joints-flag.mat", {"joints": bad})

lsp = np.zeros((3, 14, 4))
for image in range(4):
    for joint in range(14):
        lsp[:, joint, image] = [10 + joint + image, 20 + 3 * joint, 0]
lsp[2, 4, 1] = 1
savemat("joints-lsp.mat", {"joints": lsp})

ramp = np.tile(np.arange(16, dtype=np.uint8) * 16, (8, 1))
Image.fromarray(ramp, "L").save("grey.jpg", quality=100)
Image.fromarray(np.dstack([ramp] * 4), "CMYK").save("cmyk.jpg", quality=50)
