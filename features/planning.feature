Feature: Knowing beforehand
  Whoever writes processing options can ask what they mean and what will come out, before any picture
  is uploaded and without one.

  Background:
    Given Ada is signed in

  Scenario: What will come out of a photo of hers
    When she plans {"resize": "800x600", "variants": {"thumb": {"resize": "100x100#"}}} for a 4000x2000 jpeg
    Then the plan foretells "main" as 800x400
    And the plan foretells "thumb" as 100x100
    And the plan tells what it costs

  Scenario: Two ways to say the same
    When she plans {"resize": "50%", "rotate": 360}
    And she plans {"pipeline": [{"op": "resize", "width": "50.0%"}]}
    Then both plans have the same hash

  Scenario: The same for the path of a URL
    When she plans {"resize": "50%", "blur": 2, "format": "webp"}
    And she plans the text resize:w=50p/blur:sigma=2.0/out:format=webp
    Then both plans have the same hash
    And the plan tells the URL form "resize:w=50p/blur:sigma=2/out:format=webp"

  Scenario: What the plan foretells of a turned picture comes true
    When she uploads a 1600x1000 photo with the processing options resize:w=80/rotate:angle=30
    And she plans the text resize:w=80/rotate:angle=30 for that image
    Then the plan foretells "main" as 94x83
    And the result is 94x83

  Scenario: What the plan foretells comes true
    When she uploads a 1600x1000 photo with the processing options {"resize": "300x", "rotate": 90}
    And she plans {"resize": "300x", "rotate": 90} for that image
    Then the plan foretells "main" as 188x300
    And the result is 188x300

  Scenario: Steps that do nothing are told of
    When she plans {"filters": ["contrast:1", "negate"]}
    Then the plan warns of "main: 1 of the operations change nothing and are left out"

  Scenario: What cannot be drawn
    When she plans {"crop": "5000x5000"} for a 4000x2000 jpeg
    Then the plan is refused as "invalid-geometry"

  Scenario: What the workers that run can do
    When Ada asks what the server can do
    Then 1 worker has proved that it can read and write "avif"
