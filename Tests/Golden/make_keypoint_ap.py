#!/usr/bin/env python3
"""Writes Tests/MetricsTests/Fixtures/keypoint_ap.json: random people, random detections, and COCO's own ten figures;
and found_people.json: people found in a detector's boxes, who of them is kept, their scores, and those figures.

    make_keypoint_ap.py COCO-SAMPLE-FOLDER

Needs numpy and pycocotools. Each case: truths (image, joints as x, y, flag, area, box, crowd), detections (image, joints
as x, y, score), and figures in pycocotools' order. Of the sample's people, which are not ours to publish, the figures
alone are kept: its detections are the labelled joints, moved by a rule (moved below). Found people: boxes as image, left, top,
width, height and score; joints as x, y, peak; `kept` are places among the boxes, best first.
"""
import contextlib
import io
import json
import os
import sys

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def case(seed, people_an_image, spread, unlabelled, crowds, ties):
    random = np.random.default_rng(seed)
    truths, detections = [], []
    for image in range(1, 13):
        for _ in range(random.integers(0, people_an_image + 1)):
            side = float(np.exp(random.uniform(np.log(20), np.log(300))))
            left, top = random.uniform(0, 300, 2)
            joints = np.stack([random.uniform(left, left + side, 17), random.uniform(top, top + side, 17)], 1)
            flags = random.choice([0, 1, 2], 17, p=[0.2, 0.2, 0.6])
            if random.uniform() < unlabelled:
                flags[:] = 0
            joints = np.round(joints, 2)
            truths.append(dict(
                image=image, joints=[[x, y, int(v)] if v else [0.0, 0.0, 0] for (x, y), v in zip(joints.tolist(), flags)],
                area=round(side * side * random.uniform(0.3, 0.7), 3), box=[round(v, 2) for v in (left, top, side, side)],
                crowd=bool(random.uniform() < crowds)))
            for _ in range(random.integers(0, 4)):
                moved = joints + random.normal(0, side * spread * random.uniform(0, 2), (17, 2))
                score = random.integers(1, 5) / 5 if ties else random.uniform()
                detections.append(dict(image=image, joints=np.round(moved, 2).tolist(), score=round(float(score), 6)))
        for _ in range(random.integers(0, 30 if image == 3 else 3)):
            joints = random.uniform(0, 400, (17, 2))
            detections.append(dict(image=image, joints=np.round(joints, 2).tolist(), score=round(random.uniform() * 0.6, 6)))
    return dict(truths=truths, detections=detections, figures=figures(truths, detections))


def moved(number, joint):
    """How far joint `joint` of person `number`, in the file's order, is found from where it is, in pixels."""
    return (number * 7 + joint * 13) % 11 - 5, (number * 5 + joint * 3) % 9 - 4


def sample(folder):
    with open(os.path.join(folder, "test_coco.json")) as file:
        annotations = json.load(file)["annotations"]
    truths, detections = [], []
    for number, a in enumerate(annotations):
        joints = [a["keypoints"][3 * j:3 * j + 3] for j in range(17)]
        truths.append(dict(image=a["image_id"], joints=joints, area=a["area"], box=a["bbox"], crowd=bool(a["iscrowd"])))
        detections.append(dict(
            image=a["image_id"], score=number * 37 % 100 / 100,
            joints=[[x + moved(number, j)[0], y + moved(number, j)[1]] for j, (x, y, _) in enumerate(joints)]))
    return figures(truths, detections)


def figures(truths, detections):
    annotations = [dict(
        id=number + 1, image_id=t["image"], category_id=1, keypoints=[v for joint in t["joints"] for v in joint],
        num_keypoints=sum(v > 0 for _, _, v in t["joints"]), area=t["area"], bbox=t["box"], iscrowd=int(t["crowd"]))
        for number, t in enumerate(truths)]
    images = sorted({t["image"] for t in truths} | {d["image"] for d in detections})
    results = [dict(image_id=d["image"], category_id=1, score=d["score"],
                    keypoints=[v for x, y in d["joints"] for v in (x, y, 1)]) for d in detections]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = dict(images=[dict(id=i) for i in images], annotations=annotations, categories=[dict(id=1)])
        coco.createIndex()
        evaluation = COCOeval(coco, coco.loadRes(results), "keypoints")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats.tolist()


def found(seed):
    """People in boxes, as "Deep high-resolution representation learning" (Sun et al., CVPR 2019) scores and selects them."""
    random = np.random.default_rng(seed)
    labelled = case(seed, 3, 0.02, 0.1, 0.1, False)["truths"]
    boxes, people = [], []
    for truth in labelled:
        # The same person in one to three boxes, each skeleton a little or much away from the others.
        for _ in range(random.integers(0, 4)):
            left, top, width, height = np.array(truth["box"]) * random.uniform(0.9, 1.1, 4)
            spread = max(width, height) * random.choice([0.002, 0.02, 0.1])
            places = np.array([joint[:2] for joint in truth["joints"]]) + random.normal(0, spread, (17, 2))
            joints = np.concatenate([places, random.uniform(-0.1, 1, (17, 1))], 1)
            boxes.append([truth["image"], *np.round([left, top, width, height], 2).tolist(), round(random.uniform(), 4)])
            people.append(np.round(joints, 3))
    for number in range(6):  # where nobody is labelled, one of them with no peak to speak of
        boxes.append([100 + number // 2, 10.0, 20.0, 50.0, 80.0, 0.9])
        people.append(np.round(np.concatenate(
            [random.uniform(0, 100, (17, 2)), random.uniform(0, 0.2 if number == 0 else 1, (17, 1))], 1), 3))
    sigmas = np.array([.26, .25, .25, .35, .35, .79, .79, .72, .72, .62, .62, 1.07, 1.07, .87, .87, .89, .89]) / 10
    scores, areas = [], []
    for (_, _, _, width, height, score), joints in zip(boxes, people):
        peaks = joints[joints[:, 2] > 0.2, 2]
        scores.append(float(score * peaks.mean()) if len(peaks) else 0.0)
        areas.append((1.25 * max(width, height)) ** 2)
    kept = []
    for place in np.argsort(-np.array(scores), kind="stable"):
        alike = [np.mean(np.exp(-((people[place][:, :2] - people[other][:, :2]) ** 2).sum(1)
                                / (2 * sigmas) ** 2 / ((areas[place] + areas[other]) / 2) / 2))
                 for other in kept if boxes[other][0] == boxes[place][0]]
        if all(value <= 0.9 for value in alike):
            kept.append(int(place))
    detections = [dict(image=boxes[p][0], joints=people[p][:, :2].tolist(), score=scores[p]) for p in kept]
    return dict(truths=labelled, boxes=boxes, joints=[p.tolist() for p in people], kept=kept,
                scores=[scores[p] for p in kept], figures=figures(labelled, detections))


cases = [case(0, 3, 0.02, 0.1, 0.1, False), case(1, 5, 0.05, 0.0, 0.0, False), case(2, 4, 0.03, 0.3, 0.3, True),
         case(3, 1, 0.1, 0.0, 0.0, False)]
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "MetricsTests", "Fixtures")
os.makedirs(folder, exist_ok=True)
with open(os.path.join(folder, "keypoint_ap.json"), "w") as file:
    json.dump(dict(cases=cases, sample=sample(sys.argv[1])), file, separators=(",", ":"))
for one in cases:
    print(len(one["truths"]), len(one["detections"]), [round(v, 4) for v in one["figures"]])
people = [found(4), found(5)]
with open(os.path.join(folder, "found_people.json"), "w") as file:
    json.dump(dict(cases=people), file, separators=(",", ":"))
for one in people:
    print(len(one["boxes"]), len(one["kept"]), [round(v, 4) for v in one["figures"]])
