"""Call-heavy: a small ray tracer with vectors as objects and methods all over."""

import math


class Vector:
    def __init__(self, x, y, z):
        self.x, self.y, self.z = x, y, z

    def dot(self, o):
        return self.x * o.x + self.y * o.y + self.z * o.z

    def minus(self, o):
        return Vector(self.x - o.x, self.y - o.y, self.z - o.z)

    def scaled(self, f):
        return Vector(self.x * f, self.y * f, self.z * f)

    def unit(self):
        return self.scaled(1 / math.sqrt(self.dot(self)))


class Sphere:
    def __init__(self, centre, radius):
        self.centre, self.radius = centre, radius

    def distance(self, origin, direction):
        between = self.centre.minus(origin)
        along = between.dot(direction)
        rest = self.radius * self.radius - between.dot(between) + along * along
        return along - math.sqrt(rest) if rest > 0 else None

    def normal(self, point):
        return point.minus(self.centre).unit()


def trace(spheres, origin, direction, light):
    hits = [(s.distance(origin, direction), s) for s in spheres]
    hits = [(d, s) for d, s in hits if d is not None and d > 0]
    if not hits:
        return 0.0
    distance, sphere = min(hits, key=lambda hit: hit[0])
    point = origin.minus(direction.scaled(-distance))
    return max(0.0, sphere.normal(point).dot(light.minus(point).unit()))


scene = [Sphere(Vector(i - 2.0, (i % 3) - 1.0, 8.0 + i), 1.0) for i in range(5)]
eye, lamp = Vector(0, 0, 0), Vector(5, 5, -5)
total = 0.0
for row in range(300):
    for column in range(300):
        total += trace(scene, eye, Vector((column - 150) / 180, (row - 150) / 180, 1).unit(), lamp)
