"""From a few labels to counts, in Python.

Run it with ``python docs/guides/python_api.py``; it takes about a minute and writes to the folder
``runs`` in the current one. pytest runs it as well, so what stands here works.
"""

import napari_inconsistency_masks as im

# 1. Data. Your own images come from a folder with one subfolder per class:
#
#        data = im.load_folder(
#            "my_cells", classes=("alive", "dead", "position"), position="position"
#        )
#
#    Here are computed ones instead: 12 images for training, of which 4 are labeled.
data = im.load_synthetic(images=12, labeled=4, validation=4, test=4, size=(128, 128), seed=1)
print(f"{len(data.labeled)} labeled, {len(data.unlabeled)} unlabeled, classes {data.classes}")

# 2. Settings. Presets are a good start; every number can be changed. These are far too few steps
#    for good networks, but enough to see everything happen.
config = im.TrainConfig(
    members=2,
    generations=1,
    width=0.5,
    epochs=2,
    steps=15,
    batch=8,
    augment="always",
    settle_norms=True,
    pseudo_labels=im.PseudoLabelConfig(ignore="pixels"),
    labeled_share=0.5,
)

# 3. Training is a loop over events. Leave it whenever you like: ``im.resume("runs/guide")`` goes
#    on where it was.
for event in im.train("im", data, config, folder="runs/guide"):
    name = type(event).__name__
    if name == "EpochEnd":
        print(f"generation {event.generation}, epoch {event.epoch}: loss {event.validation_loss}")
    elif name in ("Warned", "GenerationEnd"):
        print(event)

# 4. The run folder holds the networks. Load them, and score them on images they never saw.
ensemble = im.load("runs/guide")
scores = im.evaluate(ensemble, data.test)
print(f"mean cell count error {scores.mcce:.2f} per image, IoU {scores.iou}")

# 5. Predict an image (here one of the test images; any array (Y, X) or (Y, X, 3) will do).
image = data.test[0].image[0]
prediction = im.predict(ensemble, image)  # probabilities (E, K, Y, X) of every network
consensus = im.find_consensus(prediction)
print("label", consensus.label.shape, "inconsistency mask", consensus.inconsistency.shape)
print(f"the networks disagree on {consensus.area:.1%} of the image")

# 6. Count, and measure areas. The range is what the networks span.
counts = im.count_cells(consensus)
print(counts)
print(im.measure_areas(consensus))

# 7. What all networks miss shows in no range. The images that training set aside show it: how many
#    cells there are for each one that is counted. It is known of classes with enough cells there.
for state, ratio in im.read_count_ratios("runs/guide").items():
    print(state, "cells in many such images, for 100 that are counted:", ratio.expected(100))
