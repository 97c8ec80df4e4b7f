"""A track table for benchmarks, in the shape of Kaggle's tracks_features.csv: 24 columns, lists of artists, quoted titles."""
import random

ROWS = 1_200_000
COLUMNS = ("id,name,album,album_id,artists,artist_ids,track_number,disc_number,explicit,danceability,energy,key,loudness,mode,"
           "speechiness,acousticness,instrumentalness,liveness,valence,tempo,duration_ms,time_signature,year,release_date")


def make_up(path):
    draw = random.Random(42)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

    def pool(make, size=5003):
        return [make() for _ in range(size)]

    def words(least, most):
        return " ".join("".join(draw.choices(letters[26:52], k=draw.randint(2, 9))).title() for _ in range(draw.randint(least, most)))

    def title():
        text = words(1, 6)
        kind = draw.random()
        return f'"{text}, {words(1, 2)}"' if kind < 0.1 else f'"{text} (""{words(1, 1)}"")"' if kind < 0.13 else text

    def artists():
        return f"['{words(1, 3)}']" if draw.random() < 0.8 else f"\"['{words(1, 2)}', '{words(1, 2)}']\""

    ids = pool(lambda: "".join(draw.choices(letters, k=14)))
    fraction = pool(lambda: f"{draw.random():.4g}")
    columns = [pool(title), pool(lambda: words(1, 4)), ids, pool(artists), pool(lambda: f"['{''.join(draw.choices(letters, k=22))}']"),
               pool(lambda: f"{draw.randint(1, 14)},1,{draw.random() < 0.07}"), fraction, fraction,
               pool(lambda: f"{draw.randint(0, 11)},{draw.uniform(-35, 0):.3f},{draw.randint(0, 1)}"), fraction, fraction,
               pool(lambda: f"{10 ** draw.uniform(-6, 0):.3g}"), fraction, fraction,
               pool(lambda: f"{draw.uniform(60, 210):.3f},{draw.randint(90000, 600000)},4.0"),
               pool(lambda: f"{(year := draw.randint(1950, 2020))},{year}-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}")]
    with open(path, "w") as out:
        out.write(COLUMNS + "\n")
        for begin in range(0, ROWS, 10000):
            cells = [draw.choices(column, k=10000) for column in columns]
            first = [f"{text}{begin + i:08d}" for i, text in enumerate(draw.choices(ids, k=10000))]
            out.write("\n".join(map(",".join, zip(first, *cells))) + "\n")
